"""Write a data set in another form, all its splits; say what the form cannot hold.

examples:
  resdet convert VOCdevkit/VOC2007 voc07_yolo --to yolo
  resdet convert roboflow_export mine --to voc --link
  resdet convert yolo:photos mine_coco --to coco --split train val
  resdet convert my_coco for_cvat --to voc --for cvat

DIR is VOC, COCO, YOLO, CVAT's XML or LabelMe's JSON in any layout, found by looking; voc:DIR,
cvat:DIR and the like where it holds several. Boxes are the same to 1e-6 px. OUT appears when all of
it is written. Programs differ in what they read of a form: --for names the one that shall
(docs/annotation_tools.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from backbones.terminal.parser import Parser
from backbones.terminal.planned import reads, writes
from resdet.commands.arguments import add_classes, add_corners, data_folder

if TYPE_CHECKING:
    from resdet.data.convert import To
    from resdet.data.programs import Words


def arguments() -> argparse.ArgumentParser:
    from resdet.data.programs import PROGRAMS
    from resdet.data.registry import WRITTEN

    parser = Parser(__doc__)
    add = parser.add_argument
    reads(add("data", type=Path, metavar="DIR", help="the data"), data_folder)
    writes(add("out", type=Path, metavar="OUT", help="a new folder"), "whole")
    add("--to", choices=WRITTEN, help="its form [the only one that --for reads]")
    add(
        "--for",
        dest="program",
        choices=sorted(PROGRAMS),
        metavar="PROGRAM",
        help=f"what shall read it: {', '.join(sorted(PROGRAMS))} [most do]",
    )
    add("--split", nargs="+", default=(), metavar="NAME", help="only these [all that are there]")
    add_classes(add)
    add_corners(add)
    add("--link", action="store_true", help="link the images, hard or else symbolic; no copies")
    add("--whole-pixels", action="store_true", help="with --to voc: round boxes that have decimals")
    return parser


def main(argv: Sequence[str]) -> None:
    parser = arguments()
    args = parser.parse_args(argv)
    to, words = _form(parser, args)

    from backbones.terminal.progress import reporting
    from resdet.data.convert import convert, for_form
    from resdet.data.discover import discover

    found = discover(args.data).called(args.class_names).counted(args.voc_corners)
    print(*found.lines(), sep="\n", flush=True)
    with reporting("converting") as progress:
        lines = convert(
            for_form(found, to),
            args.out,
            to,
            splits=args.split,
            link=args.link,
            words=words,
            progress=progress,
        )
    print(*lines, sep="\n")


def _form(parser: argparse.ArgumentParser, args: argparse.Namespace) -> tuple[To, Words]:
    """What is written, and in which words."""
    from resdet.data.programs import MOST, PROGRAMS, words_for

    forms = list(PROGRAMS.get(args.program, ()))
    to = args.to or (forms[0] if len(forms) == 1 else None)
    if to is None and args.program:
        parser.error(f"--to must name the form: {args.program} reads {', '.join(forms)}")
    if to is None:
        parser.error("--to must name the form, voc, coco or yolo, or --for the program")
    if args.whole_pixels and to != "voc":
        parser.error("--whole-pixels goes with --to voc: the others hold decimals")
    try:
        words = words_for(args.program, to) if args.program else MOST
    except ValueError as fault:
        parser.error(str(fault))
    return cast("To", to), replace(words, whole=words.whole or args.whole_pixels)
