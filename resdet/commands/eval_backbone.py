r"""Top-1 and top-5 error of classification networks, alone or as an ensemble.

examples:
  resdet eval-backbone --weights runs/resnet18/model_final.pth --data /data/imagenet
  resdet eval-backbone --model resnet50 --weights torchvision:IMAGENET1K_V1 --data imagenet \
    --test multiscale --ensemble resnet101=torchvision:IMAGENET1K_V1 --json result.json
  torchrun --nproc_per_node=8 -m resdet eval-backbone --weights FILE --data /data/imagenet

Each network sees images as its weights say. DATA is a folder of <class>/ folders, or of its test/
or val/ split, tar shards, or CIFAR as torchvision stores it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_device, positive, whole
    from backbones.terminal.planned import existing, reads, writes

    parser = Parser(__doc__)
    add = parser.add_argument
    add(
        "--model",
        default="",
        metavar="NAME",
        help="network of --weights, where these do not say it",
    )
    weights = add(
        "--weights", "--checkpoint", required=True, metavar="FILE", help="or torchvision:<weights>"
    )
    reads(weights, existing)
    add("--data", type=Path, required=True, metavar="DIR", help="test images")
    tests = ("single", "10crop", "multiscale")
    add("--test", choices=tests, default="single", help="crops of an image, or all of it [single]")
    others = add(
        "--ensemble", nargs="+", default=[], metavar="[MODEL=]FILE", help="further networks"
    )
    reads(others, lambda text: existing(text) or existing(text.partition("=")[2]))
    add(
        "--scales",
        nargs="+",
        type=positive,
        default=[],
        metavar="N",
        help="[224 ... 640 for crops of 224]",
    )
    add("--size", type=positive, default=0, metavar="N", help="side of a crop [the weights']")
    add("--shorter-side", type=positive, default=0, metavar="N", help="of images before cropping "
        "[the weights']")  # fmt: skip
    add("--precise-bn", type=whole, default=0, metavar="N", help="average batch-norm "
        "statistics over N batches of train/ before testing [0: keep the weights']")  # fmt: skip
    add("--batch", "--batch-size", type=positive, default=32, metavar="N", help="images in one "
        "pass [32]")  # fmt: skip
    add("--workers", type=whole, default=2, metavar="N", help="processes that read images [2]")
    add_device(parser)
    writes(add("--json", type=Path, metavar="FILE", help="write the result here"))
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = arguments()
    args = parser.parse_args(argv)
    if args.scales and args.test != "multiscale":
        parser.error("--scales goes with --test multiscale")
    if args.shorter_side and args.test == "multiscale":
        parser.error("--shorter-side goes with crops; give --scales to --test multiscale")
    return args


def main(argv: Sequence[str]) -> None:
    args = parse(argv)

    from backbones.evaluation.networks import load_network, parse_member
    from backbones.evaluation.protocol import Protocol, evaluate_networks
    from backbones.evaluation.report import describe, to_result
    from backbones.files.atomic import write_bytes
    from backbones.machine import distributed
    from backbones.terminal.progress import tracked

    with distributed.joined():
        device = distributed.asked_device(args.device)
        protocol = Protocol(
            args.test, tuple(args.scales), args.precise_bn, args.batch, args.workers
        )
        members = [(args.model, args.weights), *map(parse_member, args.ensemble)]
        networks = [
            load_network(source, name, size=args.size, shorter_side=args.shorter_side)
            for name, source in members
        ]
        outcome = evaluate_networks(
            networks,
            args.data,
            protocol,
            device,
            lambda batches, total: tracked(batches, "testing", total),
        )
        if distributed.is_main():
            print("\n".join((*outcome.notes, describe(outcome))))
            if args.json:
                text = json.dumps(to_result(outcome, protocol, device), indent=2)
                write_bytes(args.json, f"{text}\n".encode())
                print(f"written: {args.json}")
