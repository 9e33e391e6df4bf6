"""detectron2's own VOC evaluator on our data: what ours is compared with, in numbers and in time.

`python -m resdet.benchmarks.peers.detectron2_voc ROOT SPLIT COMP4` prints its numbers as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from detectron2.data import MetadataCatalog
from detectron2.evaluation import PascalVOCDetectionEvaluator, pascal_voc_evaluation
from detectron2.structures import Boxes, Instances

from resdet.benchmarks.measuring import peak_megabytes
from resdet.data.validate import text_lines
from resdet.evaluation.average_precision import threshold_key
from resdet.evaluation.detection_table import DetectionTable, number_ids
from resdet.evaluation.voc.comp4 import read_comp4
from resdet.structures.classes import VOC_CLASSES

# {metric: {class: {threshold: AP}}}
PerClass = dict[str, dict[str, dict[str, float]]]


def evaluate_with_detectron2(
    root: Path, split: str, table: DetectionTable, class_names: Sequence[str]
) -> dict[str, Any]:
    """`PascalVOCDetectionEvaluator` from detections in memory to its three numbers.

    `seconds` is its own time, `results` what it returns, `per_class` every AP, a fraction, that
    went into it, by both metrics: the evaluator runs unchanged, its calls of `voc_eval` noted.
    The images come in the order of `table.image_ids`, which settles equal scores.
    The annotations need all tags and whole corners: detectron2 reads no others.
    """
    name = f"resdet_peer_{id(table)}"
    MetadataCatalog.get(name).set(
        dirname=str(root), split=split, year=2012, thing_classes=list(class_names)
    )
    curves: dict[tuple[str, float], tuple[Any, Any]] = {}
    original = pascal_voc_evaluation.voc_eval

    def noted(*args: Any, ovthresh: float, **kwargs: Any) -> Any:
        recall, precision, ap = original(*args, ovthresh=ovthresh, **kwargs)
        curves[args[3], ovthresh] = recall, precision
        return recall, precision, ap

    inputs, outputs = _as_theirs(table)
    pascal_voc_evaluation.parse_rec.cache_clear()
    try:
        with mock.patch.object(pascal_voc_evaluation, "voc_eval", noted):
            start, cpu = time.perf_counter(), time.process_time()
            evaluator = PascalVOCDetectionEvaluator(name)
            evaluator.reset()
            evaluator.process(inputs, outputs)
            results = evaluator.evaluate()
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    finally:
        MetadataCatalog.remove(name)
        pascal_voc_evaluation.parse_rec.cache_clear()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "results": results["bbox"],
        "per_class": _both_metrics(curves),
    }


def _both_metrics(curves: dict[tuple[str, float], tuple[Any, Any]]) -> PerClass:
    per_class: PerClass = {"11point": {}, "area": {}}
    for metric, of_classes in per_class.items():
        for (name, threshold), curve in curves.items():
            ap = pascal_voc_evaluation.voc_ap(*curve, use_07_metric=metric == "11point")
            of_classes.setdefault(name, {})[threshold_key(threshold)] = float(ap)
    return per_class


def _as_theirs(table: DetectionTable) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The model inputs and outputs of all images that have detections."""
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    order = np.argsort(table.images, kind="stable")
    images, first = np.unique(table.images[order], return_index=True)
    for image, rows in zip(images, np.split(order, first[1:])):
        instances = Instances((1, 1))
        instances.pred_boxes = Boxes(torch.as_tensor(table.boxes[rows], dtype=torch.float32))
        instances.scores = torch.as_tensor(table.scores[rows], dtype=torch.float32)
        instances.pred_classes = torch.as_tensor(table.labels[rows])
        inputs.append({"image_id": table.image_ids[image]})
        outputs.append({"instances": instances})
    return inputs, outputs


def main(argv: Sequence[str]) -> None:
    """Print the numbers of comp4 files whose lines are in the order of the split."""
    root, split, comp4 = Path(argv[0]), argv[1], Path(argv[2])
    ids = tuple(text_lines(root / "ImageSets" / "Main" / f"{split}.txt"))
    table = read_comp4(comp4, VOC_CLASSES)
    numbers = number_ids(ids)
    images = np.array([numbers[image_id] for image_id in table.image_ids], np.int64)
    table = replace(table, image_ids=ids, images=images[table.images])
    result = evaluate_with_detectron2(root, split, table, VOC_CLASSES)
    print(json.dumps({**result, "peak_megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(sys.argv[1:])
