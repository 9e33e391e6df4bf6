"""The options that measuring tools share; `sources` does what they say. Imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_sources(parser: argparse.ArgumentParser) -> None:
    """The options by which every measuring tool is told its detections and its ground truth."""
    found = parser.add_mutually_exclusive_group(required=True)
    found.add_argument("--detections", type=Path, help="folder of comp4 files, or COCO JSON")
    found.add_argument("--checkpoint", type=Path, help="a detector to run on the images")
    parser.add_argument("--engine", default="auto", help="of --checkpoint: auto, d2 or tv [auto]")
    parser.add_argument("--device", default="", help="of --checkpoint: cpu, cuda, ... [a GPU]")
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
