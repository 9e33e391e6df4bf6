"""Detections in COCO's form, its results file: read with every fault named, and made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.json_file import gc_paused, read_json
from resdet.evaluation.coco import columns
from resdet.evaluation.coco.regular import Numbers, read_regular
from resdet.evaluation.coco.truth import CocoTruth
from resdet.evaluation.detection_table import (
    DetectionTable,
    Float64Array,
    number_ids,
)
from resdet.evaluation.image_ids import resolve_ids
from resdet.evaluation.pairs import places_among
from resdet.structures.boxes import from_xywh, to_xywh
from resdet.structures.records import BoolArray, Detections, ImageId, Int64Array


@dataclass(frozen=True)
class CocoResults:
    """The columns of a results file in reading order; `images` indexes `image_ids`."""

    image_ids: tuple[ImageId, ...]
    images: Int64Array
    categories: Int64Array
    boxes: Float64Array  # x, y, width, height
    scores: Float64Array
    names: frozenset[tuple[int, str]]  # the category names that the entries carry

    def rows(self, kept: BoolArray) -> CocoResults:
        """Some of the detections."""
        return replace(
            self,
            images=self.images[kept],
            categories=self.categories[kept],
            boxes=self.boxes[kept],
            scores=self.scores[kept],
        )


def read_results(source: Path | Sequence[Mapping[str, Any]]) -> CocoResults:
    """The columns of a results file or of its list.

    Raises: ValueError naming file, entry and value where a key is missing or holds no such thing.
    """
    if not isinstance(source, Path):
        return _results(source, "results")
    with gc_paused():  # until the entries are gone
        if source.is_file():
            with source.open("rb") as file:
                if numbers := read_regular(file):
                    return _of_numbers(numbers)
        return _results(read_json(source), str(source))


def _of_numbers(numbers: Numbers) -> CocoResults:
    images = numbers.images
    fresh = np.flatnonzero(np.concatenate([[True], images[1:] != images[:-1]]))
    runs = images[fresh].tolist()
    places = number_ids(runs)
    places_of_runs = np.array([places[image_id] for image_id in runs], np.int64)
    return CocoResults(
        image_ids=tuple(places),
        images=np.repeat(places_of_runs, np.diff(fresh, append=len(images))),
        categories=numbers.categories,
        boxes=numbers.boxes,
        scores=numbers.scores,
        names=frozenset(),
    )


def _results(results: Any, where: str) -> CocoResults:
    if not isinstance(results, list):
        raise ValueError(f"{where} must be a list of detections, got {type(results).__name__}")
    subject = f"{where}: detection"
    ids = columns.image_ids(results, "image_id", subject)
    categories = columns.integers(results, "category_id", subject)
    names = columns.optional_texts(results, "category_name", subject)
    named = set(zip(categories.tolist(), names)) if set(names) - {None} else set()
    numbers = number_ids(ids)
    return CocoResults(
        image_ids=tuple(numbers),
        images=np.array([numbers[i] for i in ids], np.int64),
        categories=categories,
        boxes=columns.boxes(results, subject),
        scores=columns.numbers(results, "score", subject),
        names=frozenset((category, name) for category, name in named if name is not None),
    )


def to_coco_results(
    detections: Iterable[Detections],
    category_ids: Sequence[int],
    class_names: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Detections -> entries of a COCO results file; `category_name` only where names are given."""
    entries: list[dict[str, Any]] = []
    for image in detections:
        boxes = to_xywh(image.boxes.astype(np.float64)).tolist()
        for box, label, score in zip(boxes, image.labels.tolist(), image.scores.tolist()):
            entry = {
                "image_id": image.image_id,
                "category_id": int(category_ids[label]),
                "bbox": box,
                "score": score,
            }
            if class_names is not None:
                entry["category_name"] = class_names[label]
            entries.append(entry)
    return entries


def file_entries(
    found: Detections, file: str, category_ids: Sequence[int], class_names: Sequence[str]
) -> list[dict[str, Any]]:
    """Entries of a COCO results file that say which class they are of, and which file if any."""
    named = {"file_name": file} if file else {}
    return [{**named, **entry} for entry in to_coco_results([found], category_ids, class_names)]


def from_coco_results(
    results: Path | Sequence[Mapping[str, Any]],
    category_ids: Sequence[int],
    class_names: Sequence[str],
) -> DetectionTable:
    """A COCO results file, or its entries -> detections, labels in the order of `category_ids`.

    Raises: ValueError for a malformed entry, or a category that is not in `category_ids` or
    is named otherwise there.
    """
    categories = dict(zip(category_ids, class_names))
    found = with_ids_of(categories, read_results(results))
    check_categories(found, categories)
    label = {category: number for number, category in enumerate(category_ids)}
    return DetectionTable(
        image_ids=found.image_ids,
        images=found.images,
        boxes=from_xywh(found.boxes).astype(np.float64),
        labels=np.array([label[c] for c in found.categories.tolist()], np.int64),
        scores=found.scores,
    )


def image_places(truth: CocoTruth, found: CocoResults) -> Int64Array:
    """(N,) the place of each detection's image in `truth.image_ids`; categories are checked too.

    Raises: ValueError for images or categories that the data do not have.
    """
    place = number_ids(truth.image_ids)
    ids = resolve_ids(found.image_ids, truth.files)
    places = np.array([place[image_id] for image_id in ids], np.int64)
    check_categories(found, truth.category_names)
    return places[found.images]


def with_ids_of(categories: Mapping[int, str], found: CocoResults) -> CocoResults:
    """The results under the data's category ids, where their entries name their classes.

    A model trained with its classes in another order numbers them otherwise; the names tell.
    Results that do not name every category, or name others, are returned as they are.
    """
    if not found.names:
        return found
    named, ids = dict(found.names), {name: i for i, name in categories.items()}
    theirs = np.unique(found.categories).tolist()
    if len(named) < len(found.names) or not all(named.get(i) in ids for i in theirs):
        return found
    own = np.array([ids[named[i]] for i in theirs], np.int64)
    return replace(
        found,
        categories=own[np.searchsorted(theirs, found.categories)],
        names=frozenset((ids[named[i]], named[i]) for i in theirs),
    )


def check_categories(found: CocoResults, categories: Mapping[int, str]) -> None:
    """Refuse results whose category ids or names are not those of the data, listing both."""
    known = np.array(sorted(categories), np.int64)
    unknown = (places_among(found.categories, known) < 0).any()
    renamed = [c for c, name in found.names if categories.get(c, name) != name]
    if unknown or renamed:
        theirs = dict.fromkeys(np.unique(found.categories).tolist(), "?") | dict(
            sorted(found.names)
        )
        hint = "score a model on data of its own classes"
        if not found.names:
            hint = "write each entry's category_name, or score them on the data that has these ids"
        raise ValueError(
            f"categories of the results must be those of the data, got {_listed(theirs)} "
            f"for {_listed(categories)}; {hint}"
        )


def _listed(categories: Mapping[int, str]) -> str:
    return "[" + ", ".join(f"{i} {name}" for i, name in categories.items()) + "]"
