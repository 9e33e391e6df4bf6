"""ImageNet's localisation error: five guesses an image, a class and a box each.

Source: eval_clsloc.m and compute_overlap.m of the ILSVRC2013 devkit; readme.txt of the ILSVRC2015
devkit, section 3, which has not changed since 2012.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resdet.evaluation.detection_table import DetectionTable, Float64Array, number_ids
from resdet.evaluation.image_ids import unknown_ids
from resdet.structures.boxes import FloatArray, from_voc, to_voc, voc_iou
from resdet.structures.records import BoolArray, GroundTruth, ImageId, Int64Array

GUESSES = 5
_WORDS = 5  # of a guess: the class, then four corners


def evaluate_localisation(
    ground_truth: Mapping[ImageId, GroundTruth],
    table: DetectionTable,
    *,
    left_out: Collection[tuple[ImageId, int]] = (),
    threshold: float = 0.5,
    plus_one: bool = False,
) -> dict[str, Any]:
    """Errors in percent by the number of guesses, 1 to 5; the last is the task's own.

    The guesses of an image are its detections by falling score, equal ones in reading order. A
    label, each class that an image has objects of, is found by a guess of that class whose box
    overlaps any of these by the threshold; an image with several labels counts each by its share.
    `left_out`: (image, label) pairs that no box is asked for; their classes are. `plus_one`: see
    `Rules`.

    Raises: ValueError for an image without objects, or guesses of images that are not there.
    """
    unknown = [image_id for image_id in table.image_ids if image_id not in ground_truth]
    if unknown:
        raise ValueError(unknown_ids(unknown, list(ground_truth)))
    numbers = number_ids(table.image_ids)
    order = np.lexsort((-table.scores, table.images))
    bounds = np.searchsorted(table.images[order], np.arange(len(numbers) + 1))
    named, located, weights = [], [], []
    for image_id, truth in ground_truth.items():
        at = numbers.get(image_id)
        rows = order[:0] if at is None else order[bounds[at] : bounds[at + 1]][:GUESSES]
        labels = np.unique(truth.labels).tolist()
        if not labels:
            raise ValueError(
                f"image {image_id!r} must have an object to be found, got none; annotate it, or "
                "leave it out of the split"
            )
        for label in labels:
            hits = table.labels[rows] == label
            named.append(_first(hits))
            located.append(_first(hits & _near(table, rows, truth, label, threshold, plus_one)))
            weights.append((1 / len(labels), (image_id, label) not in left_out))
    shares, asked = np.array(weights).reshape(-1, 2).T
    return {
        "localisation": _errors(located, shares * asked),
        "classification": _errors(named, shares),
        "num_images": len(ground_truth),
        "left_out": int(np.count_nonzero(asked == 0)),
        "threshold": threshold,
    }


def _near(
    table: DetectionTable,
    rows: Int64Array,
    truth: GroundTruth,
    label: int,
    threshold: float,
    plus_one: bool,
) -> BoolArray:
    """Which of the guesses overlap any object of a class enough."""
    guessed: FloatArray = table.boxes[rows]
    objects: FloatArray = truth.boxes[truth.labels == label].astype(np.float64)
    if not plus_one:
        guessed, objects = to_voc(guessed), to_voc(objects)
    pairs = np.repeat(guessed, len(objects), axis=0), np.tile(objects, (len(guessed), 1))
    overlaps = voc_iou(*pairs).reshape(len(guessed), len(objects))
    near: BoolArray = overlaps.max(axis=1, initial=-1.0) >= threshold
    return near


def _first(right: BoolArray) -> int:
    """The place of the first guess that is right; GUESSES where none is."""
    return int(np.argmax(right)) if right.any() else GUESSES


def _errors(first: Sequence[int], weights: Float64Array) -> list[float]:
    """In percent, of 1, 2, ... guesses; of nothing, 0."""
    wrong = np.array(first)[:, None] > np.arange(GUESSES)
    whole = weights.sum()
    return [float(100 * w / whole) if whole else 0.0 for w in weights @ wrong]


def read_guesses(
    path: Path, image_ids: Sequence[ImageId], num_classes: int, corners: str
) -> DetectionTable:
    """The devkit's file: a line an image in the order of `image_ids`, of each guess the class from
    1 on and four corners. Guesses after the fifth are left out.

    Raises: ValueError for a file of another form or of other images, naming the line.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if len(lines) != len(image_ids):
        raise ValueError(
            f"{path} must have a line for each of {len(image_ids)} images, got {len(lines)}; "
            "name the split that it is of"
        )
    images, rows = [], []
    for image, line in enumerate(lines):
        words = line.split()[: GUESSES * _WORDS]
        try:
            guesses = np.array(words, np.float64).reshape(-1, _WORDS)
        except ValueError:
            guesses = np.full((1, _WORDS), np.nan)
        labels = guesses[:, 0]
        sound = np.isfinite(guesses).all() and (labels == np.floor(labels)).all()
        if not (sound and ((labels >= 1) & (labels <= num_classes)).all()):
            raise ValueError(
                f"{path}:{image + 1}: line must be `class xmin ymin xmax ymax` up to five times, "
                f"classes from 1 to {num_classes}, got {line[:80]!r}"
            )
        images += [image] * len(guesses)
        rows.append(guesses)
    values = np.concatenate([np.zeros((0, _WORDS)), *rows])
    boxes: FloatArray = from_voc(values[:, 1:], corners)
    number = np.array(images, np.int64)
    return DetectionTable(
        image_ids=tuple(image_ids),
        images=number,
        boxes=boxes.astype(np.float64, copy=False),
        labels=values[:, 0].astype(np.int64) - 1,
        scores=-np.arange(len(values), dtype=np.float64),
    )


def guesses_text(table: DetectionTable, image_ids: Sequence[ImageId], corners: str) -> str:
    """The devkit's file of these guesses; see `read_guesses`."""
    written = to_voc(table.boxes, corners)
    lines: dict[ImageId, list[str]] = {image_id: [] for image_id in image_ids}
    for row in np.lexsort((-table.scores, table.images)):
        of_image = lines[table.image_ids[table.images[row]]]
        if len(of_image) < GUESSES:
            place = " ".join(f"{v:.10g}" for v in written[row].tolist())
            of_image.append(f"{table.labels[row] + 1} {place}")
    return "".join(f"{' '.join(guesses)}\n" for guesses in lines.values())
