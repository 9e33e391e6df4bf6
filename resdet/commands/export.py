"""Export a detector or a classification network, to run without this package.

examples:
  resdet export output/mine/model_best.pth
  resdet export output/mine/model_best.pth --images photos/ --output mine.onnx
  resdet export output/resnet50/model_final.pth --format torch-export
  resdet export output/mine/model_best.pth --format openvino --int8 --calibrate my_data/

CHECKPOINT is of train-det, of either engine, of train-backbone, or of others, as eval-voc and
eval-backbone read them. The file takes images as uint8 RGB and normalises them itself. A detector
takes one of any size, resizes it as the detector was tested, and gives boxes in its pixels, labels
and scores; with --resize outside you resize. A network takes a batch and gives logits and scores.
Class names, resizing and the checkpoint's hash stand in its metadata, and in a .json beside it.

Five images go through both, and for a detector two that show nothing and one object. Nothing is
written where boxes differ by more than 1e-2 pixels or scores by more than 1e-3.
docs/examples/onnx_without_torch.py runs the file without torch.

--int8 makes the network four times as fast on most processors. What that costs in mAP is measured
first, on the test images of the data, and more than --max-drop points are refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def arguments() -> argparse.ArgumentParser:
    from backbones.export.request import SUFFIXES
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import writes
    from resdet.commands.int8 import add_int8

    parser = Parser(__doc__)
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT", type=Path, help="model_final.pth, model_best.pth, ...")
    add("--format", choices=tuple(SUFFIXES), default="onnx", help="[onnx]")
    told = "[CHECKPOINT, ending in .onnx, .pt2 or .xml]"
    output = add("--output", type=Path, metavar="FILE", help=told)
    writes(output, beside=_beside)
    add("--resize", choices=("inside", "outside"), help="by the file, or by you [inside]")
    told = "how many images of one size a detector takes at once [one, without an axis for more]"
    add("--batch", type=_batch, metavar="N|dynamic", help=told)
    add("--images", type=Path, metavar="DIR", help="five of them are tried in both [random ones]")
    add_int8(parser)
    return parser


def _batch(text: str) -> int:
    """0 of any number."""
    if text == "dynamic":
        return 0
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(
            f"must be a number of images from 1, or dynamic for any, got {text}"
        )
    return number


def _beside(output: Path) -> Sequence[Path]:
    from backbones.export.request import SUFFIXES, written

    kind = next((kind for kind, suffix in SUFFIXES.items() if suffix == output.suffix), "")
    return written(kind, output)[1:]


def main(argv: Sequence[str]) -> None:
    from resdet.commands.int8 import check_int8

    args = (parser := arguments()).parse_args(argv)
    check_int8(parser, args)

    from backbones.export.request import SUFFIXES, check_request

    suffix = ".int8" * args.int8 + SUFFIXES[args.format]
    output = args.output or args.checkpoint.with_suffix(suffix)
    check_request(args.format, output, ["nncf"] if args.int8 else [])

    from resdet.checkpoints.checkpoint import holds_detector

    if holds_detector(args.checkpoint):
        from resdet.commands.int8 import wanted
        from resdet.export.detector import export_detector
        from resdet.export.form import INSIDE, Form

        form = Form(args.format, args.resize or INSIDE, args.batch)
        int8 = wanted(args) if args.int8 else None
        done = export_detector(args.checkpoint, form, output, args.images, int8)
    else:
        from backbones.export.classifier import export_classifier

        for name in ("int8", "resize", "batch"):
            if getattr(args, name) not in (None, False):
                parser.error(f"--{name} goes with detectors, got a network in {args.checkpoint}")
        done = export_classifier(args.checkpoint, args.format, output, args.images)
    print(*done.table(), sep="\n")
    print(f"{output}: {args.format}, {done.size / 1e6:.1f} MB")
    print(f"  input   {done.contract.metadata['input']}")
    print(f"  outputs {done.contract.metadata['outputs']}")
    for note in done.notes:
        print(f"  note: {note}")
