"""Convert weights between this project's files and others', and verify them.

examples:
  resdet convert-weights R-50.pkl resnet50_msra.pth
  resdet convert-weights torchvision:IMAGENET1K_V2 resnet50.safetensors --name resnet50
  resdet convert-weights resnet20-12fca82f.th resnet20.pth
  resdet convert-weights runs/resnet50/model_final.pth R-50.pkl --to msra

The kind of INPUT is seen from its keys; preprocessing and stride placement come with it. A fixed
image goes through both networks, the one of another kind computed by its own names: every stage
and the logits must agree to 1e-5 of their largest value, or nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

KINDS = ("ours", "torchvision", "timm", "msra", "detectron2", "akamaster", "pretrainedmodels")


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import existing, reads, writes

    parser = Parser(__doc__)
    add = parser.add_argument
    given = add("input", metavar="INPUT", help="a file, or torchvision:<weights> with --name")
    reads(given, existing)
    told = ".pth, .safetensors; .pkl of msra, detectron2"
    writes(add("output", metavar="OUTPUT", type=Path, help=told))
    kinds = ("auto", *KINDS)
    add("--from", dest="source", choices=kinds, default="auto", help="the kind of INPUT [auto]")
    add("--to", choices=KINDS, default="ours", help="the kind of OUTPUT [ours]")
    add("--name", default="", help="the network: resnet50, cifar_resnet20, ...")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)
    if args.input.startswith("torchvision:") and not args.name:
        raise ValueError(f"--name must name the network of {args.input}; give --name resnet50")

    from backbones.weights.conversion import convert

    kind = "" if args.source == "auto" else args.source
    done = convert(args.input, args.output, args.to, source_kind=kind, name=args.name)
    print(f"{args.input}: {done.name} of {done.num_classes} classes, kind {done.found}")
    for name, difference in done.differences.items():
        print(f"  {name:8} differs by {difference:.1e} of its largest value")
    print(f"largest difference {done.difference:.1e}")
    if args.to != "ours":
        print(f"kind {args.to} holds no class names, preprocessing or recipe: they are left out")
    print(f"{args.output}: kind {done.written}, hash {done.hash}")
    return 0
