"""What a check tells of the objects that training would leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backbones.images.check_report import Kind, Report
from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import Item, frame_of
from resdet.data.splits import is_to_measure
from resdet.data.taking_part import TAKES_PART, Framed, nothing_to_learn, tally
from resdet.structures.records import GroundTruth

NOTHING = Kind("nothing to learn", "error", "splits in which no object takes part in training")
NEVER = Kind("never learnt", "warning", "classes with objects of which none takes part in training")


def tell_taking_part(
    report: Report,
    splits: Mapping[str, Sequence[Item]],
    facts: Mapping[str, ImageFacts],
    *,
    difficult: bool,
) -> None:
    """Adds how many objects of the splits to train on take no part, why, and what is left.

    Of several, one without any object may be of background alone; one with errors may have lost
    them. `difficult`: whether such objects take part. The classes of each split are counted before.
    """
    tallies = {
        split: tally(list(counts), _framed(splits[split], list(counts), facts), difficult)
        for split, counts in report.classes.items()
        if not is_to_measure(split)
    }
    some = any(told.counts[:, TAKES_PART].any() for told in tallies.values())
    for split, told in tallies.items():
        if told.counts[:, :TAKES_PART].any():
            report.remarks.append(f"{split}: {told}")
            report.trained_on[split] = told.taking_part
        fault = nothing_to_learn(split, told)
        if fault and (told.counts.any() or not (some or report.total("error"))):
            report.add(NOTHING, fault)
            continue
        for name, why in told.never_learnt():
            if why:
                report.add(NEVER, f"{split}: {name}: {why}")


def _framed(
    items: Sequence[Item], class_names: Sequence[str], facts: Mapping[str, ImageFacts]
) -> Iterator[Framed]:
    """The objects of each image that can be read; where none is looked at, none is outside."""
    number = {name: at for at, name in enumerate(class_names)}
    for item in items:
        fact = facts.get(item.path)
        if fact is not None and not fact.readable:
            continue
        none = [False] * len(item.names)
        labels = np.array([number[name] for name in item.names], np.int64)
        crowd, difficult = (np.array(f or none, bool) for f in (item.crowd, item.difficult))
        frame = frame_of(item, fact) or (np.inf, np.inf)
        yield GroundTruth(item.boxes, labels, difficult, crowd), *frame
