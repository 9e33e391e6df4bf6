"""Localisation error of ImageNet's CLS-LOC: five guesses of a class and a box.

examples:
  resdet eval-loc --checkpoint model_final.pth --data ILSVRC --by oracle
  resdet eval-loc --checkpoint model_final.pth --data ILSVRC --by resnet101.pth --sizes 224,256,320
  resdet eval-loc --detections guesses.txt --data ILSVRC
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation import DetectionTable
    from resdet.structures.records import Dataset

OWN = "own"


def main(argv: Sequence[str]) -> None:
    parser = arguments()
    args = parser.parse_args(argv)
    _check(parser, args)

    from rich.console import Console

    from backbones.files import outputs
    from backbones.files.atomic import write_bytes
    from resdet.evaluation import ground_truth_by_id
    from resdet.evaluation.judging import localisation_of, told_left_out
    from resdet.evaluation.localisation import guesses_text
    from resdet.evaluation.score_tables import localisation_table

    dataset = _dataset(args)
    truth = ground_truth_by_id(dataset.records)
    table = _read(args.detections, dataset) if args.detections else _found(args, dataset)
    scores = localisation_of(dataset, truth, table)
    for line in told_left_out(dataset):
        print(line)
    Console().print(localisation_table(scores))
    if args.json:
        by = {} if args.detections else {"by": args.by}
        outputs.write_json(args.json, {**by, **scores, "dataset": dataset.name})
        print(f"written: {args.json}")
    if args.guesses:
        write_bytes(args.guesses, guesses_text(table, list(truth), _way(dataset)).encode())
        print(f"written: {args.guesses}")


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_device
    from backbones.terminal.planned import existing, reads, writes
    from resdet.commands.arguments import add_corners, data_folder, shorter_sides

    parser = Parser(__doc__)
    found = parser.add_mutually_exclusive_group(required=True)
    told = "the devkit's file, a line an image: class xmin ymin xmax ymax, up to five times"
    found.add_argument("--detections", type=Path, metavar="FILE", help=told)
    found.add_argument("--checkpoint", type=Path, metavar="FILE", help="a localiser to run")
    add = parser.add_argument
    data = add("--data", type=Path, metavar="DIR", required=True, help="ImageNet's CLS-LOC")
    reads(data, data_folder)
    add("--split", default="val", metavar="NAME", help="[val]")
    add_corners(add)
    by = add(
        "--by",
        default=OWN,
        metavar="oracle|own|FILE",
        help="whose classes: the true ones, the localiser's likeliest, a classifier's [own]",
    )
    reads(by, existing)
    pixels = "shorter sides, of which each class takes its best: 224,256 [that of the test]"
    add("--sizes", type=shorter_sides, default=(), metavar="SIZES", help=pixels)
    add("--crop", action="store_true", help="the middle square alone, the paper's 1-crop")
    add_device(parser)
    writes(add("--json", type=Path, metavar="FILE", help="the errors"))
    writes(add("--guesses", type=Path, metavar="FILE", help="the guesses as the devkit reads them"))
    return parser


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    for name in ("by", "sizes", "crop", "device") if args.detections else ():
        if getattr(args, name) != parser.get_default(name):
            parser.error(f"--{name} goes with --checkpoint: detections are only read")
    given = [name for name in ("sizes", "crop") if getattr(args, name)]
    if args.checkpoint and args.by == OWN and given:
        parser.error(f"--{given[0]} goes with --by oracle or FILE: own classes are of whole images")


def _dataset(args: argparse.Namespace) -> Dataset:
    """Raises: ValueError for data that is not CLS-LOC's."""
    from resdet.data.discover import discover

    found = discover(args.data, images=args.checkpoint is not None).counted(args.voc_corners)
    print(*found.lines(), f"measured {args.split}", sep="\n", flush=True)
    dataset = found.load(args.split, images=args.checkpoint is not None)
    if dataset.judged_by != "localisation":
        raise ValueError(
            f"--data must be ImageNet's CLS-LOC, got {found.form} in {found.root}; eval-voc or "
            "eval-coco scores it"
        )
    return dataset


def _way(dataset: Dataset) -> str:
    from resdet.structures.corners import AUTO, VOC

    way = dataset.corners.way if dataset.corners else VOC
    return VOC if way == AUTO else way


def _read(path: Path, dataset: Dataset) -> DetectionTable:
    from resdet.evaluation.localisation import read_guesses

    ids = sorted((record.image_id for record in dataset.records), key=str)
    return read_guesses(path, ids, len(dataset.class_names), _way(dataset))


def _found(args: argparse.Namespace, dataset: Dataset) -> DetectionTable:
    """What the localiser finds of the classes that the options name."""
    from resdet.detector.guesses import guesses
    from resdet.detector.inference import load_detector
    from resdet.training.evaluation import check_classes

    detector = load_detector(args.checkpoint, "tv", args.device)  # no other has localisers
    check_classes(detector.class_names, dataset)
    return guesses(detector, dataset, args.by, args.sizes, crop=args.crop)
