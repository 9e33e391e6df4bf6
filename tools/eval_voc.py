"""VOC average precision of detections or of a checkpoint, by the devkit's rules or detectron2's.

python tools/eval_voc.py --detections results/ --data VOCdevkit/VOC2007 --split test --metric both
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation import DetectionTable
    from resdet.structures import Dataset


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--detections", type=Path, help="folder of comp4 files, or COCO JSON")
    source.add_argument("--checkpoint", type=Path, help="a detector to run on the split")
    parser.add_argument("--engine", default="auto", help="of --checkpoint: auto, d2 or tv [auto]")
    parser.add_argument("--data", type=Path, required=True, help="VOC root, or a folder of one")
    parser.add_argument("--split", required=True, help="train, val, trainval, test, ...")
    parser.add_argument(
        "--metric", choices=("11point", "area", "both"), help="[the rule of the data's year]"
    )
    parser.add_argument(
        "--iou", type=_thresholds, default=(0.5,), help="0.5 | 0.5,0.75 | 0.5:0.95 [0.5]"
    )
    parser.add_argument(
        "--iou-rule", choices=("ge", "gt"), default="ge", help="devkit >=, detectron2 > [ge]"
    )
    parser.add_argument("--json", type=Path, help="write the result here")
    args = parser.parse_args(argv)

    from rich.console import Console

    from resdet.data.voc import load_voc
    from resdet.evaluation import ground_truth_by_id, match_voc, score_voc, write_json
    from resdet.evaluation.matches import DEVKIT
    from resdet.evaluation.results import check_writable
    from resdet.evaluation.tables import voc_table

    if args.json:
        check_writable(args.json)
    dataset = load_voc(_voc_root(args.data, args.split), args.split)
    if args.checkpoint:
        table = _detect(args.checkpoint, args.engine, dataset)
    else:
        table = _read(args.detections, dataset)
    matches = match_voc(
        ground_truth_by_id(dataset.records),
        table.for_images(record.image_id for record in dataset.records),
        dataset.class_names,
        thresholds=args.iou,
        rules=replace(DEVKIT, iou=args.iou_rule),
    )
    metrics = ("11point", "area") if args.metric == "both" else (args.metric or dataset.metric,)
    results = {metric: score_voc(matches, metric) for metric in metrics}
    Console().print(voc_table(*results.values()))
    if args.json:
        write_json(args.json, results if args.metric == "both" else results[metrics[0]])
        print(f"written: {args.json}")


def _thresholds(text: str) -> tuple[float, ...]:
    """A list "0.5,0.75" or a range "0.5:0.95" by 0.05, each the nearest float of its decimal."""
    try:
        if ":" not in text:
            values = tuple(float(part) for part in text.split(","))
        else:
            first, last = (round(100 * float(part)) for part in text.split(":"))
            values = tuple(k / 100 for k in range(first, last + 1, 5))
    except ValueError:
        values = ()
    if not values or not all(0 < value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"must be in (0, 1]: 0.5 or 0.5,0.75 or 0.5:0.95: {text}")
    return values


def _voc_root(data: Path, split: str) -> Path:
    """The folder itself, or the one VOC year below it that has the split."""
    years = sorted([*data.glob("VOC[0-9]*"), *data.glob("VOCdevkit/VOC[0-9]*")])
    has_split = [f for f in years if (f / "ImageSets" / "Main" / f"{split}.txt").is_file()]
    if (data / "ImageSets").is_dir() or not has_split:
        return data
    if len(has_split) > 1:
        raise ValueError(
            f"data must be one VOC root, got {data}, which holds {', '.join(map(str, has_split))}; "
            "name the one to score"
        )
    return has_split[0]


def _read(source: Path, dataset: Dataset) -> DetectionTable:
    from resdet.evaluation import from_coco_results, read_comp4

    if source.is_file():
        return from_coco_results(source, dataset.category_ids, dataset.class_names)
    return read_comp4(source, dataset.class_names)


def _detect(checkpoint: Path, engine: str, dataset: Dataset) -> DetectionTable:
    from rich.progress import track

    from resdet.engines import load_detector
    from resdet.evaluation import DetectionTable

    detector = load_detector(checkpoint, engine=engine, device="")
    images = track(detector.predict_records(dataset.records), "detecting", total=len(dataset))
    return DetectionTable.of(images).for_classes(detector.class_names, dataset.class_names)


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
