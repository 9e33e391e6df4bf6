"""Write a data set in another form, all its splits; say what the form cannot hold.

examples:
  resdet convert VOCdevkit/VOC2007 voc07_yolo --to yolo
  resdet convert roboflow_export mine --to voc --link
  resdet convert yolo:photos mine_coco --to coco --split train val

DIR is VOC, COCO or YOLO in any layout, found by looking; voc:DIR, coco:DIR or yolo:DIR where it
holds several. Boxes are the same to 1e-6 px. OUT appears when all of it is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from backbones.terminal.parser import Parser
from resdet.commands.arguments import add_classes, add_corners


def arguments() -> argparse.ArgumentParser:
    parser = Parser(__doc__)
    add = parser.add_argument
    add("data", type=Path, metavar="DIR", help="the data")
    add("out", type=Path, metavar="OUT", help="a new folder")
    add("--to", choices=("voc", "coco", "yolo"), required=True, help="its form")
    add("--split", nargs="+", default=(), metavar="NAME", help="only these [all that are there]")
    add_classes(add)
    add_corners(add)
    add("--link", action="store_true", help="link the images, hard or else symbolic; no copies")
    add("--whole-pixels", action="store_true", help="with --to voc: round boxes that have decimals")
    return parser


def main(argv: Sequence[str]) -> None:
    parser = arguments()
    args = parser.parse_args(argv)
    if args.whole_pixels and args.to != "voc":
        parser.error("--whole-pixels goes with --to voc: the others hold decimals")

    from backbones.terminal.progress import reporting
    from resdet.data.convert import convert, for_form
    from resdet.data.discover import discover

    found = discover(args.data).called(args.class_names).counted(args.voc_corners)
    print(*found.lines(), sep="\n", flush=True)
    with reporting("converting") as progress:
        lines = convert(
            for_form(found, args.to),
            args.out,
            args.to,
            splits=args.split,
            link=args.link,
            whole_pixels=args.whole_pixels,
            progress=progress,
        )
    print(*lines, sep="\n")
