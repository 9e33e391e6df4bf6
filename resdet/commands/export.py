"""Export a detector or a classification network, to run without this package.

examples:
  resdet export output/mine/model_best.pth
  resdet export output/mine/model_best.pth --images photos/ --output mine.onnx
  resdet export output/resnet50/model_final.pth --format torch-export
  resdet export output/mine/model_best.pth --format openvino --int8 --calibrate my_data/
  resdet export output/mine/model_best.pth --format web --output page

CHECKPOINT is of train-det, of either engine, of train-backbone, or of others, as eval-voc and
eval-backbone read them. The file takes images as uint8 RGB and normalises them itself. A detector
takes one of any size, resizes it as the detector was tested, and gives boxes in its pixels, labels
and scores; with --resize outside you resize. A network takes a batch and gives logits and scores.
Class names, resizing and the checkpoint's hash stand in its metadata, and in FILE.json.

Five images go through both, and for a detector two that show nothing and one object. Nothing is
written where boxes differ by more than 1e-2 pixels or scores by more than 1e-3.
docs/examples/onnx_without_torch.py runs the file without torch.

--format web writes a folder with a page that detects in the browser, in pictures and before the
camera: serve it by `python -m http.server`. npm fetches onnxruntime-web for it.

--int8 makes a detector two to four times as fast, on processors that multiply int8 fast. What that
costs in mAP is measured first, on the test images of the data, and more than --max-drop points are
refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.export.classifier import Exported
    from backbones.files.plan import Kind


def arguments() -> argparse.ArgumentParser:
    from backbones.export.request import SUFFIXES
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import writes
    from resdet.commands.int8 import add_int8

    parser = Parser(__doc__)
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT", type=Path, help="model_final.pth, model_best.pth, ...")
    add("--format", choices=tuple(SUFFIXES), default="onnx", help="[onnx]")
    told = "[CHECKPOINT, ending in .onnx, .pt2 or .xml]; of web a folder [CHECKPOINT without .pth]"
    output = add("--output", type=Path, metavar="PATH", help=told)
    writes(output, _kind, beside=_beside)
    add("--resize", choices=("inside", "outside"), help="by the file, or by you [inside]")
    told = "how many images of one size a detector takes at once [one, without an axis for more]"
    add("--batch", type=_batch, metavar="N|dynamic", help=told)
    add("--images", type=Path, metavar="DIR", help="five of them are tried in both [random ones]")
    told = "of --format web: its package (.tgz) or folder [npm fetches it]"
    add("--onnxruntime-web", type=Path, metavar="PATH", help=told)
    add_int8(parser)
    return parser


def _kind(output: Path) -> Kind:
    from backbones.export.request import SUFFIXES

    return "file" if output.suffix and output.suffix in SUFFIXES.values() else "whole"


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
    from backbones.export.request import SUFFIXES, WEB, written

    kinds = (kind for kind, suffix in SUFFIXES.items() if suffix == output.suffix)
    return written(next(kinds, WEB), output)[1:]


def main(argv: Sequence[str]) -> None:
    from resdet.commands.int8 import check_int8

    args = (parser := arguments()).parse_args(argv)
    check_int8(parser, args)
    _check_web(parser, args)

    from backbones.export.request import SUFFIXES, check_request

    suffix = ".int8" * args.int8 + SUFFIXES[args.format]
    output = args.output or args.checkpoint.with_suffix(suffix)

    from resdet.checkpoints.checkpoint import holds_detector

    detects = holds_detector(args.checkpoint)  # an exported file would be its own output
    check_request(args.format, output, ["nncf"] if args.int8 else [])
    if detects:
        done = _of_detector(args, output)
    else:
        from backbones.export.classifier import export_classifier

        for name in ("int8", "resize", "batch"):
            if (value := getattr(args, name)) is not None and value is not False:
                parser.error(f"--{name} goes with detectors, got a network in {args.checkpoint}")
        if args.format == "web":
            parser.error(f"--format web is of detectors, got a network in {args.checkpoint}")
        done = export_classifier(args.checkpoint, args.format, output, args.images)
    print(*done.table(), sep="\n")
    print(f"{output}: {args.format}, {done.size / 1e6:.1f} MB")
    print(f"  input   {done.contract.metadata['input']}")
    print(f"  outputs {done.contract.metadata['outputs']}")
    for note in done.notes:
        print(f"  note: {note}")
    if args.format == "web":
        print(f"  see it: python -m http.server --directory {output}, and http://localhost:8000")


def _check_web(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where the options do not go together, or there is no library."""
    if args.format != "web":
        if args.onnxruntime_web:
            parser.error("--onnxruntime-web goes with --format web")
        return
    if args.batch is not None or args.resize == "outside":
        parser.error(
            "--format web resizes, an image at a time; leave out --batch, --resize outside"
        )

    from resdet.export.web.library import check_library

    check_library(args.onnxruntime_web)


def _of_detector(args: argparse.Namespace, output: Path) -> Exported:
    from resdet.commands.int8 import wanted
    from resdet.export.detector import export_detector
    from resdet.export.form import INSIDE, Form

    if args.format == "web":
        from resdet.export.web.library import find_library

        library = find_library(args.onnxruntime_web)
        form = Form("onnx", INSIDE)
        return export_detector(args.checkpoint, form, output, args.images, library=library)
    form = Form(args.format, args.resize or INSIDE, args.batch)
    int8 = wanted(args) if args.int8 else None
    return export_detector(args.checkpoint, form, output, args.images, int8)
