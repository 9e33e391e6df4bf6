"""The options that measuring tools share; `sources` does what they say. Imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.engines.speed import Speed

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
    parser.add_argument("--annotations", type=Path, help="ground truth: COCO JSON, for --data")
    parser.add_argument("--images", type=Path, help="of --annotations: the folder of the images")


def check_sources(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where the options do not go together."""
    if (args.data is None) == (args.annotations is None):
        parser.error("ground truth is --data DIR --split NAME, or --annotations JSON: one of them")
    if (args.data is None) != (args.split is None):
        parser.error("--data and --split go together")
    if args.images and args.data:
        parser.error("--images goes with --annotations; --data has its JPEGImages")
    if args.shards and not args.checkpoint:
        parser.error("--shards goes with --checkpoint: it keeps what a detector found")
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
