"""Labels of one data set that follow the class names of another, whatever its own order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from resdet.structures.records import Dataset, GroundTruth, ImageRecord, Int64Array


def labelled_by(data: Dataset, class_names: Sequence[str]) -> Dataset:
    """The data with the labels of `class_names`; a class that it has not gets an `absent` id.

    Raises: ValueError if it has objects of a class that is none of them, or no class of them.
    """
    if data.class_names == tuple(class_names):
        return data
    if strange := [name for name in _that_count(data, class_names) if name not in class_names]:
        raise ValueError(
            f"classes of {data.name} must be among {', '.join(class_names)}, which are trained "
            f"on, got {', '.join(strange)}; list the class in the data to train on, or take its "
            "objects out"
        )
    place = {name: label for label, name in enumerate(class_names)}
    order = np.array([place.get(name, -1) for name in data.class_names], np.int64)
    records = tuple(_relabelled(record, order) for record in data.records)
    made = replace(
        data,
        class_names=tuple(class_names),
        records=records,
        category_ids=(),
        left_out=frozenset((i, int(order[label])) for i, label in data.left_out),
    )
    return made if data.kind == "voc" else _with_ids(made, data)


def _that_count(data: Dataset, class_names: Sequence[str]) -> list[str]:
    """The classes of which there are objects; all, where none is known."""
    if not set(data.class_names) & set(class_names):
        return list(data.class_names)
    truths = [r.ground_truth for r in data.records if r.ground_truth is not None]
    labels = {label for truth in truths for label in truth.labels.tolist()}
    return [name for label, name in enumerate(data.class_names) if label in labels]


def _relabelled(record: ImageRecord, order: Int64Array) -> ImageRecord:
    truth = record.ground_truth
    if truth is None:
        return record
    labels = order[truth.labels]
    return replace(
        record, ground_truth=GroundTruth(truth.boxes, labels, truth.difficult, truth.crowd)
    )


def _with_ids(made: Dataset, data: Dataset) -> Dataset:
    """With the ids of the file, which `data` has; others go on after them."""
    own = dict(zip(data.class_names, data.category_ids, strict=True))
    absent = [name for name in made.class_names if name not in own]
    known = own | {n: i for i, n in enumerate(absent, start=max(own.values(), default=0) + 1)}
    return replace(
        made,
        category_ids=tuple(known[name] for name in made.class_names),
        absent=frozenset(known[name] for name in absent),
    )
