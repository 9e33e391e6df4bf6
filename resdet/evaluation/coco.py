"""COCO's twelve numbers by faster-coco-eval or pycocotools.

The libraries match and accumulate; what is read off their arrays is the same code for both.
pycocotools adds 2.2e-16 to the count of detections before it divides and faster-coco-eval does
not: their numbers agree to about 1e-15. With backend="pycocotools" they are its own to the bit.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from resdet.evaluation.coco_form import (
    CocoResults,
    CocoTruth,
    as_annotations,
    image_places,
    read_results,
    read_truth,
)
from resdet.evaluation.table import Float64Array
from resdet.structures import ImageId

Backend = Literal["faster", "pycocotools"]

# name: kind, IoU index (None: the mean of 0.50:0.95), area index, index of detections per image
METRICS: dict[str, tuple[str, int | None, int, int]] = {
    "AP": ("precision", None, 0, 2),
    "AP50": ("precision", 0, 0, 2),
    "AP75": ("precision", 5, 0, 2),
    "APs": ("precision", None, 1, 2),
    "APm": ("precision", None, 2, 2),
    "APl": ("precision", None, 3, 2),
    "AR1": ("recall", None, 0, 0),
    "AR10": ("recall", None, 0, 1),
    "AR100": ("recall", None, 0, 2),
    "ARs": ("recall", None, 1, 2),
    "ARm": ("recall", None, 2, 2),
    "ARl": ("recall", None, 3, 2),
}


def evaluate_coco(
    annotations: Path | Mapping[str, Any],
    results: Path | Sequence[Mapping[str, Any]],
    *,
    image_ids: Iterable[ImageId] | None = None,
    backend: Backend = "faster",
) -> dict[str, Any]:
    """The twelve (fractions; -1 as in pycocotools where there is no such object) and per class.

    `per_class` holds AP, None for a class without objects. `image_ids` restricts the images.

    Raises: ValueError for malformed annotations or results, unknown images or categories.
    """
    start = time.perf_counter()
    if backend not in ("faster", "pycocotools"):
        raise ValueError(f"backend must be faster or pycocotools, got {backend!r}")
    truth = read_truth(annotations, image_ids)
    found = read_results(results)
    precision, recall = _accumulate(truth, found, backend)
    scores: dict[str, Any] = {
        name: _mean_known((precision if kind == "precision" else recall)[_at(iou), ..., area, most])
        for name, (kind, iou, area, most) in METRICS.items()
    }
    scores["per_class"] = {
        name: None if (ap := _mean_known(precision[:, :, k, 0, 2])) < 0 else ap
        for k, name in enumerate(truth.class_names)
    }
    scores["num_images"] = len(truth.image_ids)
    scores["num_detections"] = len(found.scores)
    scores["seconds"] = time.perf_counter() - start
    scores["backend"] = backend
    return scores


def _accumulate(
    truth: CocoTruth, found: CocoResults, backend: Backend
) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M) of a library, its prints swallowed."""
    if backend == "faster":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    images = [{"id": number + 1} for number in range(len(truth.image_ids))]
    categories = [{"id": i, "name": name} for i, name in truth.category_names.items()]
    objects = as_annotations(
        truth.images + 1, truth.categories, truth.boxes, truth.areas, truth.crowd
    )
    places = image_places(truth, found)
    areas = found.boxes[:, 2] * found.boxes[:, 3]
    no_crowd = np.zeros(len(areas), bool)
    predicted = as_annotations(places + 1, found.categories, found.boxes, areas, no_crowd)
    for entry, score in zip(predicted, found.scores.tolist()):
        entry["score"] = score
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for annotations in (objects, predicted):
            side = COCO()
            side.dataset = {
                "images": images,
                "categories": categories,
                "annotations": annotations,
            }
            side.createIndex()
            sides.append(side)
        judge = COCOeval(*sides, iouType="bbox")
        judge.evaluate()
        judge.accumulate()
    return np.asarray(judge.eval["precision"]), np.asarray(judge.eval["recall"])


def _at(iou: int | None) -> slice:
    return slice(None) if iou is None else slice(iou, iou + 1)


def _mean_known(values: Float64Array) -> float:
    known = values[values > -1]
    return float(np.mean(known)) if known.size else -1.0
