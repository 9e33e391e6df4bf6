"""What is scored and against what: files or a checkpoint, ground truth in VOC's form or COCO's."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backbones.files.json_file import gc_paused
from resdet.commands.arguments import extras, speed
from resdet.evaluation.coco.results import (
    CocoResults,
    from_coco_results,
    read_results,
    with_ids_of,
)
from resdet.evaluation.coco.truth import CocoTruth, coco_truth
from resdet.evaluation.detection_table import DetectionTable
from resdet.structures.boxes import to_xywh
from resdet.structures.corners import AUTO
from resdet.structures.records import Dataset

if TYPE_CHECKING:
    from resdet.detector.detector import Detector


def ground_truth(args: argparse.Namespace, class_names: Sequence[str] = ()) -> Dataset:
    """The data that the options name; pictures are looked for only where a detector needs them.

    Raises: ValueError with every fault of the data.
    """
    if args.annotations:
        from resdet.data.coco.reader import load_coco

        return load_coco(args.annotations, args.images)

    from resdet.data.corners import told_of_corners
    from resdet.data.voc.reader import load_voc

    pictures, main = args.checkpoint is not None, os.environ.get("RANK", "0") == "0"
    before = _counted_before(args)
    if args.split:  # VOC's own folders need no looking
        root = voc_root(args.data, args.split)
        if (root / "ImageSets" / "Main" / f"{args.split}.txt").is_file():
            way = before if args.voc_corners == AUTO else args.voc_corners
            data = load_voc(root, args.split, class_names=class_names, images=pictures, corners=way)
            for line in told_of_corners([data]) if main else ():
                print(line, flush=True)
            return data

    from resdet.data.discover import discover

    found = discover(args.data, beside=(args.checkpoint or args.detections).parent, images=pictures)
    found = found.called(class_names).as_kept(before, "as in training").counted(args.voc_corners)
    split = args.split or found.to_measure
    if main:
        print(*found.lines(), f"to score {split}", sep="\n", flush=True)
    return found.load(split, images=pictures)


@gc_paused()
def coco_ground_truth(args: argparse.Namespace) -> tuple[Dataset, CocoTruth]:
    """The data, and its objects as COCO counts them; a file is read once for both."""
    if not args.annotations:
        data = ground_truth(args, args.class_names)
        return data, coco_truth(data)

    from resdet.data.coco.reader import load_coco, read_content
    from resdet.data.validate import Faults

    faults = Faults(f"COCO data {args.annotations}")
    content = read_content(args.annotations, args.images, faults)
    data = load_coco(args.annotations, args.images, content=content, objects=False)
    return data, coco_truth(data, content)


def _counted_before(args: argparse.Namespace) -> str:
    """How the run that made the checkpoint counted corners, if it was of this data."""
    if args.checkpoint is None or not args.checkpoint.is_file():
        return AUTO

    from resdet.runtimes.choice import is_exported

    if is_exported(args.checkpoint):
        return AUTO

    from resdet.training.corners import counted_by  # torch, which files are scored without

    return counted_by(args.checkpoint, args.data)


def voc_root(data: Path, split: str) -> Path:
    """The folder itself, or the one VOC year below it that has the split.

    Raises: ValueError where several years have it.
    """
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


def detections(args: argparse.Namespace, dataset: Dataset) -> DetectionTable | None:
    """The detections that the options name, labels and image ids as the data has them.

    Under torchrun a detector runs in every process and the main one has them all; in others, None.
    Raises: ValueError if classes or images are not those of the data; both are listed.
    """
    if args.checkpoint:
        return detect(args, dataset)
    _check_alone()
    if args.detections.is_file():
        table = from_coco_results(args.detections, dataset.category_ids, dataset.class_names)
    else:
        from resdet.evaluation.voc.comp4 import read_comp4

        table = read_comp4(args.detections, dataset.class_names)
    return table.for_images(dataset.files)


def asked_detector(args: argparse.Namespace) -> Detector:
    """The detector that the options name, as they say that it is to run. Raises: ValueError."""
    with gc_paused():  # of torch's import it takes a fifth
        from resdet.runtimes.load import load_detector

        return load_detector(
            *(args.checkpoint, args.engine, args.device),
            speed=speed(args),
            testing=extras(args),
            runtime=args.runtime,
        )


def detect(args: argparse.Namespace, dataset: Dataset) -> DetectionTable | None:
    """What the detector of the options finds in every image; None as `detections` says.

    `args.tested` becomes what extras it was tested with, `args.ran_by` what ran it.
    Raises: ValueError if its classes are not those of the data; both are listed.
    """
    from backbones.files.digests import file_digest
    from backbones.machine import distributed
    from resdet.detector.shards import detect_all, detect_in_shards
    from resdet.runtimes.load import files_of

    with distributed.joined():
        detector = asked_detector(args)
        asked = detector.extras
        args.tested, args.ran_by = str(asked), detector.ran_by
        DetectionTable.of([]).for_classes(detector.class_names, dataset.class_names)
        beside = [name for name in detector.class_names if name not in dataset.class_names]
        if beside and distributed.is_main():
            print(f"left out detections of what the data has not: {', '.join(beside)}", flush=True)
        if args.shards:
            made_by = {
                "checkpoint": " ".join(map(file_digest, files_of(args.checkpoint))),
                "engine": detector.ran_by,
                "precision": args.precision,
            }
            if asked:
                made_by["testing"] = str(asked)
                made_by["ensemble"] = " ".join(map(file_digest, map(Path, asked.ensemble)))
            found = detect_in_shards(detector, dataset, args.shards, made_by)
        else:
            found = detect_all(detector, dataset)
    if found is None:
        return None
    return DetectionTable.of(found).for_classes(detector.class_names, dataset.class_names)


def _check_alone() -> None:
    processes = int(os.environ.get("WORLD_SIZE", 1))
    if processes > 1:
        raise ValueError(
            f"--detections must be scored by one process, got {processes}; "
            "torchrun is for --checkpoint, whose images it shares out"
        )


def coco_results(args: argparse.Namespace, dataset: Dataset) -> CocoResults | None:
    """The detections that the options name; a results file as it is, to the last bit.

    None and raises: as `detections`.
    """
    if args.detections and args.detections.is_file():
        _check_alone()
        categories = dict(zip(dataset.category_ids, dataset.class_names))
        return with_ids_of(categories, read_results(args.detections))
    table = detections(args, dataset)
    return None if table is None else as_coco_results(table, dataset)


def as_coco_results(table: DetectionTable, dataset: Dataset) -> CocoResults:
    """The same in COCO's form."""
    boxes = to_xywh(table.boxes).astype(np.float64)
    np.maximum(boxes[:, 2:], 0, out=boxes[:, 2:])  # an inverted box is one without area
    return CocoResults(
        image_ids=table.image_ids,
        images=table.images,
        categories=np.array(dataset.category_ids, np.int64)[table.labels],
        boxes=boxes,
        scores=table.scores,
        names=frozenset(),
    )
