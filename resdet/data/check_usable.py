"""The quick part of a check, which training runs by itself: heads, sizes and boxes of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backbones.images.check_kinds import told_of_depth
from backbones.images.check_report import Kind
from backbones.images.heads import MOST_LEFT_OUT, inspect_heads
from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import AWAY, OVER, SIZE, Item, box_faults, size_kind
from resdet.structures.records import Dataset, ImageRecord

UNUSABLE = Kind("unusable", "error", "images missing, unreadable or truncated")
_NAMED = 3
_NO_BOXES = np.zeros((0, 4))
_BOXES = {AWAY: "left out", OVER: "clipped"}


def usable(dataset: Dataset, *, training: bool) -> tuple[Dataset, list[str], list[str]]:
    """(what can be used, a line for each kind of what was passed over, faults).

    Training goes on without broken images and those that were annotated in another size, as long
    as they are no more than a tenth; to measure, each is a fault, for the score would be of other
    images. A size that is merely written wrong gives way to the image's own.
    """
    paths = [str(record.path) for record in dataset.records]
    facts = inspect_heads(paths)
    kept: list[ImageRecord] = []
    passed: dict[Kind, list[str]] = {}
    for record, fact in zip(dataset.records, facts, strict=True):
        kind = _kind(record, fact)
        if kind is not None:
            passed.setdefault(kind, []).append(_told(record, fact, kind))
        if kind is SIZE and fact.size is not None:
            record = replace(record, height=fact.size[0], width=fact.size[1])
        if kind is None or kind is SIZE:
            kept.append(record)
    lines = [
        f"{dataset.name}: {kind.what}: {len(cases)}, {_done(kind)}: {_listed(cases)}"
        for kind, cases in passed.items()
    ]
    if deep := told_of_depth(paths, facts):
        lines.append(f"{dataset.name}: {deep}")
    if training:
        lines += _told_of_boxes(dataset, kept)
    left_out = len(dataset) - len(kept)
    allowed = MOST_LEFT_OUT * len(dataset) + 1 if training else 0
    if left_out <= allowed and kept:
        return replace(dataset, records=tuple(kept)), lines, []
    faults = [case for kind, cases in passed.items() if kind is not SIZE for case in cases]
    return dataset, [], faults


def shared_images(trains: Sequence[Dataset], tests: Sequence[Dataset]) -> list[str]:
    """A line for each pair of datasets of which one is trained on and both hold an image."""
    lines = []
    for train in trains:
        paths = {record.path for record in train.records}
        for test in tests:
            shared = [str(record.path) for record in test.records if record.path in paths]
            if shared:
                lines.append(
                    f"{train.name} and {test.name} share images: {len(shared)}, the score is too "
                    f"good: {_listed(shared)}"
                )
    return lines


def _kind(record: ImageRecord, fact: ImageFacts) -> Kind | None:
    if not fact.readable:
        return UNUSABLE
    size, truth = (record.height, record.width), record.ground_truth
    if fact.size == size:
        return None
    boxes = truth.boxes if truth is not None else _NO_BOXES
    return size_kind(Item(str(record.image_id), str(record.path), size, [], boxes), fact)


def _told(record: ImageRecord, fact: ImageFacts, kind: Kind) -> str:
    if kind is UNUSABLE:
        return f"{record.path} ({f'{fact.state}: {fact.why}' if fact.why else fact.state})"
    assert fact.size is not None  # else its size is not another
    return f"{record.path} ({fact.size[1]}x{fact.size[0]}, not {record.width}x{record.height})"


def _done(kind: Kind) -> str:
    return "their own are taken" if kind is SIZE else "left out"


def _told_of_boxes(dataset: Dataset, records: Sequence[ImageRecord]) -> list[str]:
    """Boxes that leave their image; those at most a pixel thin are told by the readers."""
    truths = [(r, r.ground_truth) for r in records if r.ground_truth is not None]
    if not truths:
        return []
    boxes = np.concatenate([truth.boxes for _, truth in truths])
    counts = [len(truth) for _, truth in truths]
    limits = np.repeat([(r.width, r.height) * 2 for r, _ in truths], counts, axis=0)
    owners = np.repeat(np.arange(len(truths)), counts)
    lines = []
    for kind, mask in box_faults(boxes, limits):
        if kind in _BOXES and mask.any():
            cases = [
                f"{truths[owners[at]][0].path.name} {boxes[at].tolist()}"
                for at in np.flatnonzero(mask)
            ]
            lines.append(
                f"{dataset.name}: {kind.what}: {len(cases)}, {_BOXES[kind]}: {_listed(cases)}"
            )
    return lines


def _listed(cases: Sequence[str]) -> str:
    return ", ".join(cases[:_NAMED]) + (", ..." if len(cases) > _NAMED else "")
