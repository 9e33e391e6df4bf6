"""A VOC folder without pictures and detections on it, of any size: for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from resdet.evaluation.detection_table import DetectionTable, Float64Array
from resdet.structures.boxes import clip, from_voc
from resdet.structures.classes import VOC_CLASSES
from resdet.structures.records import Int64Array

_WIDTH, _HEIGHT = 500, 375
_DIFFICULT = 0.2  # of the objects, as in VOC2007 test: 2,944 of 14,976
_HALVES = 0.02  # of the detections: half an object, an IoU of 0.5 to the last bit


def make_voc(
    root: Path,
    *,
    num_images: int = 4952,
    num_detections: int = 470_000,
    class_names: Sequence[str] = VOC_CLASSES,
    seed: int = 0,
) -> DetectionTable:
    """Write annotations and the split `test`; return detections of which about half find something.

    The defaults have the size of VOC2007 test and of a detector that keeps 95 boxes an image.
    Scores and corners are float32 values, as a network gives them.
    """
    rng = np.random.default_rng(seed)
    images = np.repeat(np.arange(num_images), 1 + rng.poisson(2, num_images))
    labels = rng.integers(0, len(class_names), len(images))
    corners = _random_corners(rng, len(images)).astype(np.int64)
    difficult = rng.random(len(images)) < _DIFFICULT
    ids = tuple(f"{number:06}" for number in range(1, num_images + 1))

    (root / "Annotations").mkdir(parents=True, exist_ok=True)
    first = np.searchsorted(images, np.arange(num_images + 1))
    for number, image_id in enumerate(ids):
        rows = range(first[number], first[number + 1])
        objects = (_object(class_names[labels[r]], corners[r], difficult[r]) for r in rows)
        text = _annotation(image_id, "".join(objects))
        (root / "Annotations" / f"{image_id}.xml").write_text(text, encoding="utf-8")
    listing = root / "ImageSets" / "Main" / "test.txt"
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text("\n".join(ids) + "\n", encoding="utf-8")
    (root / "classes.txt").write_text("\n".join(class_names) + "\n", encoding="utf-8")
    boxes = from_voc(corners.astype(np.float64)).astype(np.float64)
    return _detections(rng, num_detections, ids, first, labels, boxes, len(class_names))


def _detections(
    rng: np.random.Generator,
    num: int,
    ids: tuple[str, ...],
    first: Int64Array,
    labels: Int64Array,
    boxes: Float64Array,
    num_classes: int,
) -> DetectionTable:
    images = np.sort(rng.integers(0, len(ids), num))
    objects = rng.integers(first[images], first[images + 1])
    near = boxes[objects]
    sides = np.tile(near[:, 2:] - near[:, :2], 2)
    spread = rng.exponential(0.12, (num, 1))
    found = near + rng.normal(0, 1, (num, 4)) * spread * sides
    half = rng.random(num) < _HALVES
    found[half] = near[half]
    found[half, 2] -= sides[half, 0] / 2
    wrong = rng.random(num) < 0.5
    found[wrong] = from_voc(_random_corners(rng, int(wrong.sum())))
    found = np.concatenate([np.minimum(found[:, :2], found[:, 2:] - 1), found[:, 2:]], axis=1)
    other_class = wrong | (rng.random(num) < 0.15)
    kinds = np.where(other_class, rng.integers(0, num_classes, num), labels[objects])
    scores = rng.beta(np.where(wrong, 0.3, 1.0), np.where(wrong, 3.0, 1.0 + 8 * spread[:, 0]))
    return DetectionTable(
        image_ids=ids,
        images=images,
        boxes=clip(found, _HEIGHT, _WIDTH).astype(np.float32).astype(np.float64),
        labels=kinds,
        scores=scores.astype(np.float32).astype(np.float64),
    )


def _random_corners(rng: np.random.Generator, num: int) -> Float64Array:
    """(num, 4) inclusive corners in the image, sides of 20 to 200 pixels."""
    sides = rng.integers(20, 200, (num, 2))
    lower = rng.integers(1, np.array([_WIDTH, _HEIGHT]) - sides, (num, 2))
    return np.concatenate([lower, lower + sides], axis=1).astype(np.float64)


def _annotation(image_id: str, objects: str) -> str:
    return (
        "<annotation>\n\t<folder>VOC2007</folder>\n"
        f"\t<filename>{image_id}.jpg</filename>\n"
        "\t<source>\n\t\t<database>The VOC2007 Database</database>\n"
        "\t\t<annotation>PASCAL VOC2007</annotation>\n\t\t<image>flickr</image>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{_WIDTH}</width>\n\t\t<height>{_HEIGHT}</height>\n"
        "\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n"
        f"{objects}</annotation>\n"
    )


def _object(name: str, corners: Int64Array, difficult: bool) -> str:
    x1, y1, x2, y2 = corners.tolist()
    return (
        f"\t<object>\n\t\t<name>{name}</name>\n\t\t<pose>Left</pose>\n"
        f"\t\t<truncated>0</truncated>\n\t\t<difficult>{int(difficult)}</difficult>\n"
        f"\t\t<bndbox>\n\t\t\t<xmin>{x1}</xmin>\n\t\t\t<ymin>{y1}</ymin>\n"
        f"\t\t\t<xmax>{x2}</xmax>\n\t\t\t<ymax>{y2}</ymax>\n\t\t</bndbox>\n\t</object>\n"
    )
