"""Each tool as its documentation calls it, a few lines each; run by a Python that has the tool.

usage: python adapters.py TOOL CASES.json NUMBERS.json
Boxes are handed over as the file's corners, images in the order of their ids. Imports nothing of
the project, whose requirements a tool's environment lacks.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from columns import TWELVE, Numbers, Results, Truth, column_of, corners_of, entries_of, labels_of
from voc_adapters import (
    detectron2,
    kornia,
    mapcalc,
    mean_average_precision,
    mmdetection_voc,
    podm,
    review_coco,
    review_voc,
)


def pycocotools(truth: Truth, results: Results, most: tuple[int, ...] = (1, 10, 100)) -> Numbers:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _as_coco(truth, results, COCO, COCOeval, most)


def mmdetection(truth: Truth, results: Results) -> Numbers:
    """Its CocoMetric calls pycocotools with these `proposal_nums`."""
    return pycocotools(truth, results, (100, 300, 1000))


def faster_coco_eval(truth: Truth, results: Results) -> Numbers:
    from faster_coco_eval import COCO, COCOeval_faster

    return _as_coco(truth, results, COCO, COCOeval_faster, (1, 10, 100))


def _as_coco(truth: Truth, results: Results, data: Any, judge: Any, most: Any) -> Numbers:
    side = data()
    side.dataset = truth
    side.createIndex()
    if not results:
        return dict.fromkeys(TWELVE, 0.0)  # loadRes([]) is an IndexError
    evaluator = judge(side, side.loadRes(results), "bbox")
    evaluator.params.maxDets = list(most)
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    return dict(zip(TWELVE, map(float, evaluator.stats)))


def torchmetrics(truth: Truth, results: Results) -> Numbers:
    import torch
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(backend="pycocotools")
    metric.warn_on_many_detections = False
    for image in truth["images"]:
        objects, found = entries_of(truth["annotations"], image), entries_of(results, image)
        target = {
            "boxes": torch.tensor(corners_of(objects)),
            "labels": torch.tensor(labels_of(objects)),
            "iscrowd": torch.tensor(column_of(objects, "iscrowd", np.int64)),
            "area": torch.tensor(column_of(objects, "area")),
        }
        predicted = {
            "boxes": torch.tensor(corners_of(found)),
            "labels": torch.tensor(labels_of(found)),
            "scores": torch.tensor(column_of(found, "score")),
        }
        metric.update([predicted], [target])
    told = metric.compute()
    names = "map map_50 map_75 map_small map_medium map_large mar_1 mar_10 mar_100"
    names += " mar_small mar_medium mar_large"
    return {ours: float(told[theirs]) for ours, theirs in zip(TWELVE, names.split())}


def supervision(truth: Truth, results: Results) -> Numbers:
    import supervision as sv
    from supervision.metrics import MeanAveragePrecision

    targets, predictions = [], []
    for image in truth["images"]:
        objects, found = entries_of(truth["annotations"], image), entries_of(results, image)
        flags = {name: column_of(objects, name, np.int64) for name in ("iscrowd", "ignore")}
        data = {**flags, "area": column_of(objects, "area")} if objects else {}
        labels = labels_of(objects)
        targets.append(sv.Detections(xyxy=corners_of(objects), class_id=labels, data=data))
        scores = column_of(found, "score")
        predictions.append(
            sv.Detections(xyxy=corners_of(found), class_id=labels_of(found), confidence=scores)
        )
    told = MeanAveragePrecision().update(predictions, targets).compute()
    sizes = [told.small_objects, told.medium_objects, told.large_objects]
    values = [told.map50_95, told.map50, told.map75, *(size.map50_95 for size in sizes)]
    return dict(zip(TWELVE, map(float, values)))


def globox(truth: Truth, results: Results) -> Numbers:
    from globox import Annotation, AnnotationSet, BoundingBox, COCOEvaluator

    sides = []
    for entries in (truth["annotations"], results):
        side = AnnotationSet()
        for image in truth["images"]:
            boxes = [
                BoundingBox.create(
                    label=str(entry["category_id"]),
                    coords=tuple(entry["bbox"]),
                    confidence=entry.get("score"),
                    box_format=_globox_format(),
                )
                for entry in entries_of(entries, image)
            ]
            side.add(Annotation(str(image["id"]), (640, 640), boxes))
        sides.append(side)
    told = COCOEvaluator(ground_truths=sides[0], predictions=sides[1])
    names = "ap ap_50 ap_75 ap_small ap_medium ap_large ar_1 ar_10 ar_100 ar_small ar_medium"
    names += " ar_large"
    return {ours: float(getattr(told, name)()) for ours, name in zip(TWELVE, names.split())}


def _globox_format() -> Any:
    from globox import BoxFormat

    return BoxFormat.LTWH


def tidecv(truth: Truth, results: Results) -> Numbers:
    from tidecv import TIDE, Data

    sides = [Data("truth"), Data("results")]
    for category in truth["categories"]:
        for side in sides:
            side.add_class(category["id"], category["name"])
    for image in truth["images"]:
        for side in sides:
            side.add_image(image["id"], str(image["id"]))
    for entry in truth["annotations"]:
        add = sides[0].add_ignore_region if entry["iscrowd"] else sides[0].add_ground_truth
        add(entry["image_id"], entry["category_id"], list(entry["bbox"]))
    for entry in results:
        ids = entry["image_id"], entry["category_id"]
        sides[1].add_detection(*ids, entry["score"], list(entry["bbox"]))
    tide = TIDE()
    tide.evaluate_range(*sides, mode=TIDE.BOX, name="results")
    aps = [run.ap / 100 for run in tide.run_thresholds["results"]]
    return {"AP": float(np.mean(aps)), "AP50": aps[0], "AP75": aps[5]}


def ultralytics(truth: Truth, results: Results) -> Numbers:
    import torch
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.metrics import ap_per_class, box_iou

    judge = BaseValidator.__new__(BaseValidator)
    judge.iouv = torch.linspace(0.5, 0.95, 10)
    found_true, scores, labels = [np.zeros((0, 10), bool)], [np.zeros(0, np.float32)], [np.zeros(0)]
    for image in truth["images"]:
        objects, found = entries_of(truth["annotations"], image), entries_of(results, image)
        found = sorted(found, key=lambda entry: -entry["score"])[:300]
        if not found:
            continue
        true = np.zeros((len(found), 10), bool)
        if objects:
            overlaps = box_iou(torch.tensor(corners_of(objects)), torch.tensor(corners_of(found)))
            theirs = torch.tensor(labels_of(found)), torch.tensor(labels_of(objects))
            true = judge.match_predictions(*theirs, overlaps).numpy()
        found_true.append(true)
        scores.append(column_of(found, "score").astype(np.float32))
        labels.append(labels_of(found))
    wanted = labels_of(truth["annotations"])
    told = ap_per_class(*map(np.concatenate, (found_true, scores, labels)), wanted)
    aps = told[5]
    return {"AP": aps.mean(), "AP50": aps[:, 0].mean(), "AP75": aps[:, 5].mean()}


def fiftyone(truth: Truth, results: Results) -> Numbers:
    """What its evaluate_detections computes, of labels in memory: its database is not started."""
    from unittest.mock import MagicMock

    import fiftyone.utils.eval.coco as judge
    from fiftyone import Detection, Detections

    samples = []
    for image in truth["images"]:
        sample = {}
        for field, entries in (("truth", truth["annotations"]), ("found", results)):
            sample[field] = Detections(
                detections=[
                    Detection(
                        label=str(entry["category_id"]),
                        bounding_box=[side / 1024 for side in entry["bbox"]],  # loses no bit
                        confidence=entry.get("score"),
                        iscrowd=entry.get("iscrowd", 0),
                    )
                    for entry in entries_of(entries, image)
                ]
            )
        samples.append(sample)
    view = MagicMock()
    view.select_fields.return_value = view
    view._handle_frame_field.side_effect = lambda field: (field, False)
    view.iter_samples.return_value = samples
    config = judge.COCOEvaluationConfig("found", "truth", 0.5, True, compute_mAP=True)
    precision = judge._compute_pr_curves(view, config)[0]

    def mean(values: Any) -> float:
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    return {"AP": mean(precision), "AP50": mean(precision[0]), "AP75": mean(precision[5])}


def keras_cv(truth: Truth, results: Results) -> Numbers:
    import os

    os.environ["KERAS_BACKEND"] = "tensorflow"
    from keras_cv.metrics import BoxCOCOMetrics

    sides = []
    for entries in (truth["annotations"], results):
        of_images = [entries_of(entries, image) for image in truth["images"]]
        most = max(1, *map(len, of_images))
        shape = len(of_images), most
        side = {
            "boxes": np.zeros((*shape, 4), np.float32),
            "classes": np.full(shape, -1, np.float32),
            "confidence": np.zeros(shape, np.float32),
        }
        for row, of_image in enumerate(of_images):
            many = len(of_image)
            side["boxes"][row, :many] = [entry["bbox"] for entry in of_image] or np.zeros((0, 4))
            side["classes"][row, :many] = labels_of(of_image)
            side["confidence"][row, :many] = column_of(of_image, "score")
        sides.append(side)
    metric = BoxCOCOMetrics("xywh", evaluate_freq=1000)
    metric.update_state(*sides)
    told = metric.result(force=True)
    return dict(zip(TWELVE, map(float, told.values())))


TOOLS: dict[str, Callable[[Truth, Results], Numbers]] = {
    "pycocotools": pycocotools,
    "mmdetection_coco": mmdetection,
    "faster-coco-eval": faster_coco_eval,
    "torchmetrics": torchmetrics,
    "supervision": supervision,
    "globox": globox,
    "tidecv": tidecv,
    "ultralytics": ultralytics,
    "detectron2": detectron2,
    "podm": podm,
    "review_object_detection_metrics_coco": review_coco,
    "review_object_detection_metrics_voc": review_voc,
    "mean-average-precision": mean_average_precision,
    "mapcalc": mapcalc,
    "kornia": kornia,
    "fiftyone": fiftyone,
    "keras_cv": keras_cv,
    "mmdetection_voc": mmdetection_voc,
}


def main(tool: str, cases: str, numbers: str) -> None:
    made = []
    for case in json.loads(Path(cases).read_text()):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                told = TOOLS[tool](copy.deepcopy(case["truth"]), copy.deepcopy(case["results"]))
            made.append({name: None if np.isnan(v) else float(v) for name, v in told.items()})
        except Exception as error:
            made.append(f"{type(error).__name__}: {error}"[:200])
    Path(numbers).write_text(json.dumps(made))


if __name__ == "__main__":
    main(*sys.argv[1:])
