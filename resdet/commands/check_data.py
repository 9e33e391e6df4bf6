"""Tell all that is wrong with data at once; --fix writes a corrected copy.

examples:
  resdet check-data --data VOCdevkit/VOC2007 --split trainval test
  resdet check-data --data /data/imagenet --quick --json report.json
  resdet check-data --annotations train.json val.json --images train2017 val2017 --fix fixed
  resdet check-data --data photos/ --config own_r50_fpn     (do its anchors fit the objects?)

VOC, COCO, YOLO, CVAT and LabelMe in any of their layouts, folders of classes, CIFAR's files, tar
shards. Exits with 0 where nothing stops training, 1 where something does (with --fix: in the copy),
2 where it cannot be told.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode

    from backbones.images.check_report import Report
    from resdet.structures.records import Dataset


def main(argv: Sequence[str]) -> int:
    args = parse(argv)

    from backbones.images.check_report import write_reports
    from backbones.machine.hardware import available_cores
    from backbones.terminal.progress import reporting

    workers = args.workers or available_cores()
    cfg = _config(args.config) if args.config else None
    told = []
    with reporting("looking at images") as progress:
        common: dict[str, Any] = {"full": not args.quick, "workers": workers, "progress": progress}
        difficult = bool(cfg is not None and cfg.DATASETS.USE_DIFFICULT)  # as our configs do
        find = _coco if args.annotations else _folder
        reports = find(args, difficult, common)
        for report, place in zip(reports, (args.data, args.fix)):
            if cfg is not None:
                _tell_anchors(report, cfg, args, place)
            print(*report.lines(args.examples), sep="\n", flush=True)
            told.append(report)
    if args.json:
        write_reports(args.json, told)
    return 1 if told[-1].total("error") else 0


def _coco(args: argparse.Namespace, difficult: bool, common: dict[str, Any]) -> Iterator[Report]:
    """What is found, then what is found in the corrected copy."""
    from resdet.data.coco.check import check_coco
    from resdet.data.coco.fix import fix_coco

    pairs = _pairs(args)
    yield check_coco(pairs, difficult=difficult, **common)
    if args.fix:
        yield check_coco(fix_coco(pairs, args.fix, **common), difficult=difficult, **common)


def _folder(args: argparse.Namespace, difficult: bool, common: dict[str, Any]) -> Iterator[Report]:
    from backbones.data.check_classes import is_classification
    from resdet.data.check import check_found, found_to_check
    from resdet.data.not_found import NoDataError

    try:
        found, to_tell = found_to_check(args.data)
    except NoDataError:
        if not is_classification(args.data):
            raise
        yield from _classes(args, common)
        return
    if to_tell:
        print(*replace(found, corners=None).lines(), sep="\n", flush=True)
    found = found.called(args.class_names).counted(args.voc_corners)
    yield from check_found(found, args.split, args.fix, difficult=difficult, **common)


def _classes(args: argparse.Namespace, common: dict[str, Any]) -> Iterator[Report]:
    """Of images to classify."""
    from backbones.data.check_classes import check_classification
    from backbones.data.check_fix import fix_folder

    root: Path = args.data
    if args.config:
        raise ValueError(f"--config is of a detector, got images to classify in {root}")
    if args.voc_corners != "auto":
        raise ValueError(f"--voc-corners goes with VOC, got images to classify in {root}")
    yield check_classification(root, args.split, **common)
    if args.fix:
        fix_folder(root, args.fix, args.split, **common)
        yield check_classification(args.fix, args.split, **common)


def _pairs(args: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Each JSON with its folder of images."""
    folders = args.images * (len(args.annotations) if len(args.images) == 1 else 1)
    return list(zip(args.annotations, folders, strict=True))


def _config(name: str) -> CfgNode:
    """Raises: ConfigError as train-det; ValueError if it does not tell how its anchors lie."""
    from resdet import config, engines
    from resdet.modeling.registry import HEADS
    from resdet.training.fitting import anchors_of

    cfg = config.load(name)
    config.check(cfg, engine=engines.choose(), heads=HEADS.names(), training=False)
    if anchors_of(cfg) is None:
        raise ValueError(
            f"--config must be of a residual network or VGG, got {name} with "
            f"MODEL.BACKBONE.NETWORK {cfg.MODEL.BACKBONE.NETWORK}, whose strides are not known"
        )
    return cfg


def _tell_anchors(
    report: Report, cfg: CfgNode, args: argparse.Namespace, place: Path | None
) -> None:
    """Adds what train-det would say of the anchors; of data that cannot be read the report tells.

    `place`: the folder of the data, None for that of --annotations.
    """
    from backbones.images.check_report import Kind
    from resdet.data.check_usable import usable
    from resdet.data.validate import unheard
    from resdet.training.fitting import misfit

    with contextlib.suppress(ValueError), unheard():
        datasets = _datasets(args, place)
        records = [r for data in datasets for r in usable(data, training=True)[0].records]
        if told := misfit(cfg, records):
            kind = Kind("anchors", "warning", "configs that do not fit the objects")
            report.add(kind, f"{args.config}: {told}")


def _datasets(args: argparse.Namespace, place: Path | None) -> list[Dataset]:
    """The splits that are asked for, else the one that would be trained on, else all.

    Raises: ValueError if the data is faulty.
    """
    from resdet.data.coco.reader import load_coco
    from resdet.data.discover import discover

    if place is None:
        return [load_coco(file, folder) for file, folder in _pairs(args)]
    found = discover(place).called(args.class_names)
    if place == args.data:
        found = found.counted(args.voc_corners)
    splits = args.split or filter(None, [found.to_train])
    return [found.load(split) for split in list(splits) or found.splits]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = arguments()
    args = parser.parse_args(argv)
    if (args.annotations is None) != (args.images is None):
        parser.error("--annotations and --images go together")
    if args.images and len(args.images) not in (1, len(args.annotations)):
        parser.error("--images must name one folder, or as many as --annotations names files")
    if args.annotations and args.split:
        parser.error("--split goes with --data: a JSON is a split of its own")
    if args.annotations and args.class_names:
        parser.error("--classes goes with --data: a JSON names its own")
    if args.annotations and args.voc_corners != "auto":
        parser.error("--voc-corners goes with --data: COCO counts in one way")
    return args


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, positive, whole
    from backbones.terminal.planned import existing, reads, writes
    from resdet.commands.arguments import add_classes, add_corners, data_folder

    parser = Parser(__doc__)
    data = parser.add_mutually_exclusive_group(required=True)
    told = "VOC, COCO, YOLO, CVAT, LabelMe, or images to classify"
    reads(data.add_argument("--data", type=Path, metavar="DIR", help=told), data_folder)
    data.add_argument("--annotations", type=Path, nargs="+", metavar="JSON", help="COCO form")
    add = parser.add_argument
    add("--images", type=Path, nargs="+", metavar="DIR", help="the folder of each JSON, or of all")
    add("--split", nargs="+", default=(), metavar="NAME", help="of --data [all that are there]")
    add_classes(add)
    add_corners(add)
    config = add(
        "--config",
        metavar="NAME",
        help="of configs/detection, or a path: tell whether its anchors fit the objects",
    )
    reads(config, existing)
    add(
        "--quick",
        action="store_true",
        help="read the first bytes of each image alone, decode nothing",
    )
    writes(add("--fix", type=Path, metavar="DIR", help="write a corrected copy, check it"), "whole")
    writes(add("--json", type=Path, metavar="FILE", help="write everything found"))
    add("--examples", type=whole, default=3, metavar="N", help="of a kind [3]")
    add("--workers", type=positive, metavar="N", help="processes [the cores]")
    return parser
