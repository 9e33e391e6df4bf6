"""What a check tells of the splits of every form alike, once their images are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from backbones.images.check_kinds import tell_classes, tell_copies, tell_images
from backbones.images.check_report import Report
from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import Item, tell_boxes, tell_readers
from resdet.data.check_taking_part import tell_taking_part


def tell_splits(
    report: Report,
    class_names: Sequence[str],
    splits: Mapping[str, Sequence[Item]],
    facts: Mapping[str, ImageFacts],
    readers: Sequence[Callable[[], object]],
    *,
    difficult: bool,
) -> None:
    """Adds what is wrong with classes, images, boxes, what is trained on, copies and reading.

    An item of several splits is one object. The classes of each split are counted before.
    """
    every = {id(item): item for items in splits.values() for item in items}
    tell_classes(report, class_names)
    tell_images(report, facts)
    tell_boxes(report, list(every.values()), facts, "coco")
    tell_taking_part(report, splits, facts, difficult=difficult)
    there = {split: [item.path for item in items if item.path] for split, items in splits.items()}
    tell_copies(report, there, facts)
    tell_readers(report, readers)
