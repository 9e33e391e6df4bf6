"""Random cases of 21 kinds, each where evaluators are known to differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Box = list[float]
SIDE = 640


class Case(NamedTuple):
    """Ground truth and results in COCO's form."""

    kind: str
    truth: dict[str, Any]
    results: list[dict[str, Any]]


def cases(times: int, seed: int = 0) -> Iterator[Case]:
    """Every kind, `times` times."""
    for number, (kind, change) in enumerate(KINDS.items()):
        for time in range(times):
            rng = np.random.default_rng([seed, number, time])
            truth, results = _ordinary(rng)
            made = change(rng, truth, results)
            yield Case(kind, truth, results if made is None else made)


def _ordinary(rng: np.random.Generator) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Objects of all sizes; near each, detections of the right and of other classes."""
    images, classes = int(rng.integers(5, 14)), int(rng.integers(2, 5))
    objects: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        for _ in range(int(rng.integers(1, 6))):
            box = _box(rng, float(rng.choice([12, 40, 150])))
            category = int(rng.integers(1, classes + 1))
            objects.append(_object(len(objects) + 1, image, category, box))
            for _ in range(int(rng.integers(0, 4))):
                named = category if rng.random() < 0.8 else int(rng.integers(1, classes + 1))
                results.append(_found(rng, image, named, _moved(rng, box, rng.choice([0.05, 0.2]))))
        results.append(_found(rng, image, int(rng.integers(1, classes + 1)), _box(rng, 60.0)))
    truth = {
        "info": {},
        "images": [
            {"id": i, "file_name": f"{i}.jpg", "width": SIDE, "height": SIDE}
            for i in range(1, images + 1)
        ],
        "annotations": objects,
        "categories": [{"id": k, "name": f"c{k}"} for k in range(1, classes + 1)],
    }
    return truth, results


def _box(rng: np.random.Generator, size: float) -> Box:
    width, height = np.maximum(np.round(rng.uniform(0.5, 1.5, 2) * size), 2)
    x, y = np.round(rng.uniform(0, SIDE - 1.5 * size, 2))
    return [float(v) for v in (x, y, width, height)]


def _moved(rng: np.random.Generator, box: Box, share: float) -> Box:
    shift = np.round(rng.normal(0, share, 4) * [*box[2:], *box[2:]] * 8) / 8
    moved = np.add(box, shift)
    return [float(v) for v in (*moved[:2], *np.maximum(moved[2:], 1))]


def _object(number: int, image: int, category: int, box: Box) -> dict[str, Any]:
    area = box[2] * box[3]
    ids = {"id": number, "image_id": image, "category_id": category}
    return {**ids, "bbox": box, "area": area, "iscrowd": 0, "segmentation": []}


def _found(rng: np.random.Generator, image: int, category: int, box: Box) -> dict[str, Any]:
    score = float(np.float32(rng.uniform(0.05, 1)))  # the same in 32 bits
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def _scores(decimals: int) -> Callable[..., None]:
    def change(rng: np.random.Generator, truth: Any, results: Any) -> None:
        for found in results:
            found["score"] = float(np.float32(max(round(found["score"], decimals), 0.1)))

    return change


def _equal_scores(rng: np.random.Generator, truth: Any, results: Any) -> None:
    for found in results:
        found["score"] = 0.5


def _one_crowded_image(classes: int) -> Callable[..., None]:
    def change(rng: np.random.Generator, truth: Any, results: Any) -> None:
        names = [{"id": k, "name": f"c{k}"} for k in range(1, classes + 1)]
        truth["categories"] = names + truth["categories"][classes:]
        first = [o for o in truth["annotations"] if o["image_id"] == 1]
        boxes = [o["bbox"] for o in first] + [_box(rng, 60.0) for _ in range(40)]
        for number, box in enumerate(boxes[len(first) :]):
            category = number % classes + 1
            truth["annotations"].append(_object(1000 + number, 1, category, box))
        for number in range(300 if classes == 1 else 240):
            moved = _moved(rng, boxes[number % len(boxes)], 0.15)
            results.append(_found(rng, 1, number % classes + 1, moved))

    return change


def _detected_only(rng: np.random.Generator, truth: Any, results: Any) -> None:
    _listed_only(rng, truth, results)
    new = truth["categories"][-1]["id"]
    for image in (1, 2, 3):
        results.append(_found(rng, image, new, _box(rng, 60.0)))


def _objects_only(rng: np.random.Generator, truth: Any, results: Any) -> None:
    _listed_only(rng, truth, results)
    new = truth["categories"][-1]["id"]
    truth["annotations"].append(_object(5000, 1, new, _box(rng, 60.0)))


def _listed_only(rng: np.random.Generator, truth: Any, results: Any) -> None:
    number = len(truth["categories"]) + 1
    truth["categories"].append({"id": number, "name": f"c{number}"})


def _crowds(rng: np.random.Generator, truth: Any, results: Any) -> None:
    for entry in truth["annotations"]:
        entry["iscrowd"] = int(rng.random() < 0.25)


def _ignored(rng: np.random.Generator, truth: Any, results: Any) -> None:
    for entry in truth["annotations"]:
        entry["ignore"] = int(rng.random() < 0.25)
        entry["area"] *= float(rng.choice([1, -1], p=[0.8, 0.2]))


def _exact_overlaps(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    """Boxes of 20 wide with detections of 10, 12, ... of it: overlaps of tenths."""
    made = []
    for entry in truth["annotations"]:
        column, row = (int(v) for v in rng.integers(0, 15, 2))
        entry["bbox"], entry["area"] = [40.0 * column, 40.0 * row, 20.0, 20.0], 400.0
        x, y, width, height = entry["bbox"]
        wide = width * float(rng.choice([0.5, 0.6, 0.7, 0.75, 0.8, 0.9]))
        made.append(_found(rng, entry["image_id"], entry["category_id"], [x, y, wide, height]))
    return made


def _duplicates(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    """And in each image a detection that overlaps two objects the same, of which one is found."""
    twice = [dict(found) for found in results for _ in range(2)]
    for image in truth["images"]:
        for left in (600.0, 610.0):
            box = [left, 600.0, 20.0, 20.0]
            truth["annotations"].append(_object(9000 + 2 * image["id"], image["id"], 1, box))
            truth["annotations"][-1]["id"] += int(left == 600)
        for left, score in ((605.0, 0.97), (600.0 + 10 * int(rng.integers(2)), 0.96)):
            box = [left, 600.0, 20.0, 20.0]
            found = {"image_id": image["id"], "category_id": 1, "bbox": box}
            twice.append({**found, "score": float(np.float32(score - rng.uniform(0, 0.01)))})
    return twice


def _empty_images(rng: np.random.Generator, truth: Any, results: Any) -> None:
    empty = {1, 2, 3}
    kept = [o for o in truth["annotations"] if o["image_id"] not in empty]
    truth["annotations"] = kept or truth["annotations"]


def _not_found_images(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    return [found for found in results if found["image_id"] > 2]


def _tiny(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    for entry in [*truth["annotations"], *results]:
        entry["bbox"][2:] = [float(max(1, round(side / 40))) for side in entry["bbox"][2:]]
        entry["bbox"][:2] = [float(round(corner / 40)) for corner in entry["bbox"][:2]]
    for entry in truth["annotations"]:
        entry["area"] = entry["bbox"][2] * entry["bbox"][3]
    return results


def _bounds(rng: np.random.Generator, truth: Any, results: Any) -> None:
    for entry in [*truth["annotations"], *results]:
        if rng.random() < 0.7:
            entry["bbox"][2:] = [float(rng.choice([32, 96]))] * 2
    for entry in truth["annotations"]:
        share = float(rng.choice([1, 0.75]))  # as masks have it
        entry["area"] = entry["bbox"][2] * entry["bbox"][3] * share


def _nothing_found(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    return []


def _no_objects(rng: np.random.Generator, truth: Any, results: Any) -> None:
    truth["annotations"] = []


def _tenths(rng: np.random.Generator, truth: Any, results: Any) -> Any:
    """Ten objects of each class, some of them found exactly."""
    truth["annotations"] = []
    made = []
    for category in truth["categories"]:
        many = int(rng.integers(1, 11))
        for number in range(10):
            box = [60.0 * number, 50.0 * category["id"], 40.0, 40.0]
            label = category["id"]
            truth["annotations"].append(_object(len(truth["annotations"]) + 1, 1, label, box))
            if number < many:
                made.append(_found(rng, 1, label, box))
    return made


def _id_0(rng: np.random.Generator, truth: Any, results: Any) -> None:
    for number, entry in enumerate(truth["annotations"]):
        entry["id"] = number


KINDS: dict[str, Callable[..., Any]] = {
    "ordinary": lambda *_: None,
    "all scores equal": _equal_scores,
    "scores of one decimal": _scores(1),
    "scores of three decimals": _scores(3),
    "300 detections of one class": _one_crowded_image(1),
    "240 detections of six classes": _one_crowded_image(6),
    "a class that is only detected": _detected_only,
    "a class that is never detected": _objects_only,
    "a class that is only listed": _listed_only,
    "crowds": _crowds,
    "ignored objects": _ignored,
    "overlaps of exactly tenths": _exact_overlaps,
    "duplicates": _duplicates,
    "images without objects": _empty_images,
    "images without detections": _not_found_images,
    "tiny boxes": _tiny,
    "areas of exactly 32 and 96 squared": _bounds,
    "no detections": _nothing_found,
    "no objects": _no_objects,
    "recalls of exactly tenths": _tenths,
    "annotation ids from 0": _id_0,
}
