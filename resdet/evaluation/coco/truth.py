"""Ground truth in COCO's form: read with every fault named, or made of data of another form.

Ids are numbered before a library sees them: an annotation id 0 means "unmatched" in both, and
strings break one of them. Sorted order is kept, so equal scores fall as they do there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.json_file import gc_paused, read_json
from resdet.evaluation.coco import columns
from resdet.evaluation.detection_table import Float64Array, number_ids
from resdet.evaluation.image_ids import Files
from resdet.structures.boxes import to_xywh
from resdet.structures.classes import real_categories
from resdet.structures.coco_form import Plain, plain
from resdet.structures.coco_json import OUT_OF_EVERY_AREA_RANGE, coco_json, object_entries
from resdet.structures.coco_values import called_difficult
from resdet.structures.records import BoolArray, Dataset, ImageId, Int64Array

_LISTS = ("images", "annotations", "categories")


@dataclass(frozen=True)
class CocoTruth:
    """The columns of an annotations file in reading order; `images` indexes `image_ids`.

    Shape: images, categories, crowd, ignore, called, areas (M,); boxes (M, 4) x, y, width, height.
    `areas`: as given, of the box where not given. `ignore`: flagged so, `called`: said to be
    difficult by an attribute, neither of which COCO's rules hear. `ids`: of the annotations, as
    given. `files`: of the images, whose ids are sorted.
    """

    image_ids: tuple[ImageId, ...]
    files: Files
    category_names: dict[int, str]
    images: Int64Array
    categories: Int64Array
    boxes: Float64Array
    crowd: BoolArray
    ignore: BoolArray
    called: BoolArray
    areas: Float64Array
    ids: Sequence[Any]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names by rising id, the order of the labels; a name used twice carries its id."""
        times = Counter(self.category_names.values())
        return tuple(
            name if times[name] == 1 else f"{name} ({category})"
            for category, name in sorted(self.category_names.items())
        )

    def of_images(self, places: Int64Array) -> CocoTruth:
        """The same images, annotations only of those at `places`."""
        rows = np.flatnonzero(np.isin(self.images, places))
        return replace(
            self,
            images=self.images[rows],
            categories=self.categories[rows],
            boxes=self.boxes[rows],
            crowd=self.crowd[rows],
            ignore=self.ignore[rows],
            called=self.called[rows],
            areas=self.areas[rows],
            ids=[self.ids[row] for row in rows.tolist()],
        )


def read_truth(source: Path | Mapping[str, Any], image_ids: Iterable[ImageId] | None) -> CocoTruth:
    """The annotations of all images, or of `image_ids`, checked and numbered.

    Raises: ValueError naming the file and the fault.
    """
    with gc_paused():
        data = read_json(source) if isinstance(source, Path) else source
        where = str(source) if isinstance(source, Path) else "annotations"
        return _truth(plain(_with_lists(data, where)).content, where, image_ids)


def coco_truth(dataset: Dataset, content: Plain | None = None) -> CocoTruth:
    """The annotations of any data as COCO counts them; image ids are those of the data.

    `content`: of its JSON, where that is read already.
    """
    if dataset.kind == "coco":
        listed = [record.image_id for record in dataset.records]
        if content is None:
            truth = read_truth(dataset.annotations, listed)
        else:
            where = str(dataset.annotations)
            truth = _truth(_with_lists(content.content, where), where, listed)
        named = zip(dataset.category_ids, dataset.class_names)
        absent = {number: name for number, name in named if number in dataset.absent}
        return replace(truth, category_names=truth.category_names | absent)
    made = coco_ground_truth(dataset)
    truth = read_truth(made, None)
    own = {image["id"]: r.image_id for image, r in zip(made["images"], dataset.records)}
    ids = tuple(own[image_id] for image_id in truth.image_ids)
    return replace(truth, image_ids=ids, files=dataset.files)


def coco_ground_truth(dataset: Dataset) -> dict[str, Any]:
    """COCO-form ground truth of a VOC-kind dataset (a COCO dataset has its own file: use it).

    Images whose ids are no integers get the number in their name where all have one
    ("000007": 7), else their position from 1; `file_name` tells them apart.

    A difficult object must be ignored, not missed. Both libraries overwrite an `ignore` flag by
    `iscrowd`, and crowd would change the IoU to intersection over detection. So its `area` is
    put outside every range: COCO ignores it there, at the usual IoU. Unlike VOC, COCO lets it
    excuse one detection only. `ignore` is written too, for those who read the file.
    """
    ids = _image_numbers([record.image_id for record in dataset.records])
    objects: list[dict[str, Any]] = []
    for number, record in zip(ids, dataset.records):
        truth = record.ground_truth
        if truth is None:
            raise ValueError(f"ground truth must be known to score, got none for {record.path}")
        boxes = to_xywh(truth.boxes.astype(np.float64))
        boxes[:, 2:] = boxes[:, 2:].clip(0)  # an inverted box has no area and is never found
        areas = np.where(truth.difficult, OUT_OF_EVERY_AREA_RANGE, boxes[:, 2] * boxes[:, 3])
        categories = np.array(dataset.category_ids, np.int64)[truth.labels]
        numbers = np.full(len(truth), number)
        entries = object_entries(numbers, categories, boxes, areas, truth.crowd)
        for entry, difficult in zip(entries, truth.difficult):
            entry["id"] = len(objects) + 1
            if difficult:
                entry["ignore"] = 1
            objects.append(entry)
    images = ((number, r.path.name, r) for number, r in zip(ids, dataset.records))
    description = f"{dataset.name} in COCO form"
    return coco_json(description, images, objects, dataset.category_ids, dataset.class_names)


def _with_lists(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not all(isinstance(data.get(k), list) for k in _LISTS):
        raise ValueError(f"{where} must be a COCO object with the lists {', '.join(_LISTS)}")
    return data


def _truth(data: Mapping[str, Any], where: str, image_ids: Iterable[ImageId] | None) -> CocoTruth:
    images, objects, categories = data["images"], data["annotations"], real_categories(data)
    ids = columns.image_ids(images, "id", f"{where}: image")
    files = {i: str(image.get("file_name", "")) for i, image in zip(ids, images)}
    category_ids = columns.integers(categories, "id", f"{where}: category").tolist()
    names = dict(zip(category_ids, columns.texts(categories, "name", f"{where}: category")))
    for kind, values in (("image", ids), ("category", category_ids)):
        if len(set(values)) < len(values):
            twice = Counter(values).most_common(1)[0][0]
            raise ValueError(
                f"{where}: {kind} ids must differ, got {twice!r} twice; renumber or remove one"
            )
    subject = f"{where}: annotation"
    image_of = columns.image_ids(objects, "image_id", subject)
    category_of = columns.integers(objects, "category_id", subject)
    stray = set(image_of) - files.keys()
    stray_classes = set(category_of.tolist()) - names.keys()
    if stray or stray_classes:
        raise ValueError(
            f"{where}: annotations must name images and categories of the same file, got image "
            f"ids {sorted(stray, key=str)[:3]}, category ids {sorted(stray_classes)[:3]}"
        )
    boxes = columns.boxes(objects, subject)
    areas = columns.optional_numbers(objects, "area", subject)
    areas = np.where(np.isnan(areas), boxes[:, 2] * boxes[:, 3], areas)
    kept = _kept(files, image_ids)
    position = number_ids(kept)
    places = np.array([position.get(image_id, -1) for image_id in image_of], np.int64)
    rows = np.flatnonzero(places >= 0)
    return CocoTruth(
        image_ids=tuple(kept),
        files={image_id: files[image_id] for image_id in kept},
        category_names=names,
        images=places[rows],
        categories=category_of[rows],
        boxes=boxes[rows],
        crowd=columns.flags(objects, "iscrowd", subject)[rows],
        ignore=columns.flags(objects, "ignore", subject)[rows],
        called=np.array(list(map(_is_called_difficult, objects)), bool)[rows],
        areas=areas[rows],
        ids=[objects[row].get("id") for row in rows.tolist()],
    )


def _is_called_difficult(entry: Mapping[str, Any]) -> bool:
    return "attributes" in entry and called_difficult(entry["attributes"])


def _kept(files: Mapping[ImageId, str], image_ids: Iterable[ImageId] | None) -> list[ImageId]:
    wanted = set(files) if image_ids is None else set(image_ids)
    if wanted - files.keys():
        raise ValueError(
            "image_ids must be ids of the annotations, "
            f"got {sorted(wanted - files.keys(), key=str)[:3]}"
        )
    numbers = all(isinstance(image_id, int) for image_id in wanted)
    return sorted(wanted, key=None if numbers else str)


def _image_numbers(ids: Sequence[ImageId]) -> list[int]:
    digits = [str(i) for i in ids if str(i).isascii() and str(i).isdigit()]
    numbers = [int(text) for text in digits]
    unique = len(numbers) == len(ids) == len(set(numbers))
    return numbers if unique else list(range(1, len(ids) + 1))
