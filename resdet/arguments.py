"""The options that measuring tools share; `sources` does what they say. Imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.engines.speed import Speed

_OF_CHECKPOINT = ("engine", "device", "precision", "compile", "batch", "shards")
PRECISIONS = ("fp32", "bf16", "fp16")


def add_sources(parser: argparse.ArgumentParser) -> None:
    """The options by which every measuring tool is told its detections and its ground truth."""
    found = parser.add_mutually_exclusive_group(required=True)
    found.add_argument("--detections", type=Path, help="folder of comp4 files, or COCO JSON")
    found.add_argument("--checkpoint", type=Path, help="a detector to run on the images")
    parser.add_argument("--engine", default="auto", help="of --checkpoint: auto, d2 or tv [auto]")
    parser.add_argument("--device", default="", help="of --checkpoint: cpu, cuda, ... [a GPU]")
    add_speed(parser, "of --checkpoint: ")
    parser.add_argument(
        "--shards", type=Path, metavar="DIR", help="of --checkpoint: keep what it found, go on"
    )
    parser.add_argument("--data", type=Path, help="ground truth: VOC root, or a folder of one")
    parser.add_argument("--split", help="of --data: train, val, trainval, test, ...")
    parser.add_argument("--annotations", type=Path, help="ground truth: COCO JSON")
    parser.add_argument("--images", type=Path, help="of --annotations: the folder of the images")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """What every measuring tool can write."""
    parser.add_argument("--json", type=Path, help="write the result here, its matches beside it")
    parser.add_argument("--plots", type=Path, help="folder for the curves and the errors")


def check_sources(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where the options do not go together."""
    if (args.data is None) == (args.annotations is None):
        parser.error("ground truth is --data DIR --split NAME, or --annotations JSON: one of them")
    if (args.data is None) != (args.split is None):
        parser.error("--data and --split go together")
    if args.images and args.data:
        parser.error("--images goes with --annotations; --data has its JPEGImages")
    if args.detections:
        idle = [name for name in _OF_CHECKPOINT if getattr(args, name) != parser.get_default(name)]
        if idle:
            parser.error(f"--{idle[0]} goes with --checkpoint: detections are only read")
    if args.checkpoint and args.annotations and not args.images:
        parser.error("--checkpoint needs --images, the folder of the image files")


def add_speed(parser: argparse.ArgumentParser, whose: str = "") -> None:
    """The options by which a tool is told how fast to run a detector; `speed` reads them."""
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="fp32", help=f"{whose}of the networks [fp32]"
    )
    parser.add_argument(
        "--compile", action="store_true", help=f"{whose}torch.compile; the first images are slow"
    )
    parser.add_argument(
        "--batch", type=positive, default=1, metavar="N", help=f"{whose}images in one pass [1]"
    )


def speed(args: argparse.Namespace) -> Speed:
    """What the options of `add_speed` say."""
    from resdet.engines.speed import Speed

    return Speed(args.precision, args.compile, args.batch)


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0: {text}")
    return int(text)


def whole(text: str) -> int:
    """A whole number, 0 or above."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number: {text}")
    return int(text)


def thresholds(text: str) -> tuple[float, ...]:
    """A list "0.5,0.75" or a range "0.5:0.95" by 0.05, each the nearest float of its decimal."""
    try:
        if ":" not in text:
            values = [float(part) for part in text.split(",")]
        else:
            first, last = (float(part) for part in text.split(":"))
            values = [k / 100 for k in range(round(100 * first), round(100 * last) + 1, 5)]
            values = values if values and [values[0], values[-1]] == [first, last] else []
    except (ValueError, OverflowError):
        values = []
    if not values or not all(0 < value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"must be in (0, 1]: 0.5 or 0.5,0.75 or 0.5:0.95: {text}")
    return tuple(values)
