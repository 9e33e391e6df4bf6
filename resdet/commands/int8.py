"""The options of int8 and what they ask for. Imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.terminal.planned import reads
from resdet.commands.arguments import data_folder

if TYPE_CHECKING:
    from resdet.export.int8.search import Wanted
    from resdet.structures.records import Dataset

_ASKED = ("calibrate", "data", "split", "max_drop", "keep_float")


def add_int8(parser: argparse.ArgumentParser) -> None:
    """The options of `--int8`, which `check_int8` looks at and `wanted` reads."""
    add = parser.add_argument_group("int8, of --format openvino").add_argument
    add("--int8", action="store_true", help="the network in int8, measured before it is written")
    told = "pictures to read the ranges of values from: data to train on, or a folder of images"
    reads(add("--calibrate", type=Path, metavar="DIR", help=told), data_folder)
    told = "what the loss is measured on [that of --calibrate]"
    reads(add("--data", type=Path, metavar="DIR", help=told), data_folder)
    add("--split", metavar="NAME", help="of --data [test, else val, else all]")
    told = "the most points of mAP that may be lost [0.5]"
    add("--max-drop", type=float, metavar="POINTS", help=told)
    told = "layers that stay in float; auto: those that round most, until little enough is lost"
    add("--keep-float", nargs="+", metavar="NAME", help=told)


def check_int8(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where the options do not go together."""
    given = [name for name in _ASKED if getattr(args, name) is not None]
    if given and not args.int8:
        parser.error(f"--{given[0].replace('_', '-')} goes with --int8")
    if args.int8 and args.format != "openvino":
        parser.error(f"--int8 goes with --format openvino, got --format {args.format}")
    if args.int8 and args.calibrate is None:
        parser.error("--int8 needs --calibrate DIR, pictures like those that it will see")
    if args.max_drop is not None and not 0 <= args.max_drop <= 100:
        parser.error(f"--max-drop must be 0 to 100 points, got {args.max_drop:g}")


def wanted(args: argparse.Namespace) -> Wanted:
    """The pictures and the data that the options name.

    Raises: ValueError for data that is faulty, or too few pictures.
    """
    from resdet.export.int8.pictures import find_pictures
    from resdet.export.int8.search import Wanted

    pictures = find_pictures(args.calibrate, args.checkpoint.parent)
    print(f"calibrated with {len(pictures.calibrate)} images of {pictures.where}", flush=True)
    limit = 0.5 if args.max_drop is None else args.max_drop
    return Wanted(pictures, _measured_on(args), limit / 100, tuple(args.keep_float or ()))


def _measured_on(args: argparse.Namespace) -> Dataset | None:
    """The data that has objects; None where --calibrate, which is all there is, has none."""
    from resdet.commands.sources import ground_truth
    from resdet.data.not_found import NoDataError
    from resdet.structures.corners import AUTO

    asked = {"data": args.data or args.calibrate, "annotations": None, "voc_corners": AUTO}
    try:
        return ground_truth(argparse.Namespace(**{**vars(args), **asked}))
    except NoDataError:
        if args.data:
            raise
        return None
