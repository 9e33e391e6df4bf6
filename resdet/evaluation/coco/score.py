"""COCO's twelve numbers by our own code, by pycocotools or by faster-coco-eval.

All three fill the same arrays of precision and recall; what is read off them is the same code.
Ours are pycocotools' to the bit. pycocotools adds 2.2e-16 to the count of detections before it
divides and faster-coco-eval does not: that one agrees to about 1e-15.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from resdet.evaluation.coco.accumulate import accumulate
from resdet.evaluation.coco.match import AREAS, THRESHOLDS, CocoMatches, match_areas
from resdet.evaluation.coco.results import CocoResults, image_places, read_results, with_ids_of
from resdet.evaluation.coco.truth import CocoTruth, read_truth
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.rules import COCO
from resdet.structures.coco_json import object_entries
from resdet.structures.records import ImageId

Backend = Literal["numpy", "faster", "pycocotools"]

# name: kind, IoU index (None: the mean of 0.50:0.95), area index, index of detections per image
TWELVE: dict[str, tuple[str, int | None, int, int]] = {
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

_AGREEMENT = 1e-12  # libraries that round differently stay far below; a wrong rule far above


def evaluate_coco(
    annotations: Path | Mapping[str, Any],
    results: Path | Sequence[Mapping[str, Any]],
    *,
    image_ids: Iterable[ImageId] | None = None,
    backend: Backend = "numpy",
) -> dict[str, Any]:
    """Read both and `score_coco` them; `image_ids` restricts the images.

    Raises: ValueError for malformed annotations or results, unknown images or categories.
    """
    start = time.perf_counter()
    truth = read_truth(annotations, image_ids)
    found = with_ids_of(truth.category_names, read_results(results))
    scores = score_coco(truth, found, backend=backend)
    return {**scores, "seconds": time.perf_counter() - start}


def score_coco(
    truth: CocoTruth,
    found: CocoResults,
    *,
    backend: Backend = "numpy",
    matched: CocoMatches | None = None,
) -> dict[str, Any]:
    """The twelve (fractions; -1 as in pycocotools where there is no such object) and per class.

    `per_class` holds AP, None for a class without objects. The conventions stand beside.
    `matched`: the two by `match_areas`, where that is done already.

    Raises: ValueError for images or categories that the data do not have, or another backend.
    """
    if backend not in get_args(Backend):
        raise ValueError(f"backend must be {' or '.join(get_args(Backend))}, got {backend!r}")
    start = time.perf_counter()
    if backend == "numpy":
        asked = {(area, most) for _, _, area, most in TWELVE.values()}
        precision, recall = accumulate(matched or match_areas(truth, found), asked)
    else:
        precision, recall = by_library(truth, found, backend)
    rules = matched.matches.rules if matched else COCO
    scores: dict[str, Any] = {
        name: _mean_known((precision if kind == "precision" else recall)[_at(iou), ..., area, most])
        for name, (kind, iou, area, most) in TWELVE.items()
    }
    if rules.ap_at_100:
        hundred = [m for m, most in enumerate(rules.max_detections) if most == 100]
        scores["AP"] = _mean_known(precision[:, :, :, 0, hundred])
    if rules.nothing_is_0:
        scores = {name: max(score, 0.0) for name, score in scores.items()}
    scores["per_class"] = {
        name: None if (ap := _mean_known(precision[:, :, k, 0, 2])) < 0 else ap
        for k, name in enumerate(truth.class_names)
    }
    with_objects = (precision[0, 0, :, :, -1] > -1).sum(axis=0).tolist()
    return {
        **scores,
        "classes_in_mean": with_objects[0],
        "classes_in_mean_by_area": dict(zip(AREAS, with_objects)),
        **({} if rules == COCO else {"rules": rules.to_dict()}),
        "kind": "coco",
        "metric": "101point",
        "thresholds": np.round(THRESHOLDS, 2).tolist(),
        "area_ranges": {name: list(limits) for name, limits in AREAS.items()},
        "max_detections": list(rules.max_detections),
        "num_images": len(truth.image_ids),
        "num_detections": len(found.scores),
        "backend": backend,
        "seconds": time.perf_counter() - start,
    }


def cross_check(
    truth: CocoTruth,
    found: CocoResults,
    scores: Mapping[str, Any],
    *,
    backend: Backend = "pycocotools",
) -> str:
    """Score again by another backend and say how far the numbers are apart.

    Raises: ValueError naming the number that differs most if that is by more than 1e-12.
    """
    judge = score_coco(truth, found, backend=backend)
    differences = {name: _apart(scores[name], judge[name]) for name in TWELVE}
    for name, ap in judge["per_class"].items():
        differences[f"AP of {name}"] = _apart(scores["per_class"].get(name), ap)
    worst, largest = max(differences.items(), key=lambda item: item[1])
    if largest > _AGREEMENT:
        raise ValueError(
            f"{worst} must be that of {backend}, got a difference of {largest:.3g} from "
            f"{scores['backend']}; report it with both files"
        )
    what = f"all {len(TWELVE)} numbers and the AP of {len(judge['per_class'])} classes"
    same = "to the last bit" if largest == 0 else f"to {largest:.1e}"
    told = f"cross-check: {what} by {scores['backend']} are those of {backend} {same}"
    return "; ".join([told, *_faults_of_ids(truth)])


def _faults_of_ids(truth: CocoTruth) -> list[str]:
    """Why a library that reads the file itself has other numbers: here ids are numbered anew."""
    times = Counter(truth.ids)
    twice = [number for number, many in times.items() if many > 1 and number is not None]
    faults = {
        "0, which means unmatched there": 0 in times,
        "missing": None in times,
        f"there twice, as {twice[:1]}": bool(twice),
    }
    return [
        f"given the file itself it does otherwise: an annotation's id is {fault}; number the "
        "annotations from 1"
        for fault, is_there in faults.items()
        if is_there
    ]


def _apart(a: float | None, b: float | None) -> float:
    if a is None or b is None:
        return 0.0 if a is b else np.inf
    return abs(a - b)


def by_library(
    truth: CocoTruth, found: CocoResults, backend: Backend
) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M) of a library, its prints swallowed."""
    if backend == "faster":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    objects = object_entries(
        truth.images + 1, truth.categories, truth.boxes, truth.areas, truth.crowd
    )
    places = image_places(truth, found)
    areas = found.boxes[:, 2] * found.boxes[:, 3]
    no_crowd = np.zeros(len(areas), bool)
    predicted = object_entries(places + 1, found.categories, found.boxes, areas, no_crowd)
    for entry, score in zip(predicted, found.scores.tolist()):
        entry["score"] = score
    images = [{"id": number + 1} for number in range(len(truth.image_ids))]
    categories = [{"id": i, "name": name} for i, name in truth.category_names.items()]
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
