"""Classes of a data set, found among those of a network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

WNID = re.compile(r"n\d{8}")  # an ImageNet class as WordNet numbers it


@dataclass(frozen=True)
class ClassMatch:
    """`labels[i]` is the network's number of the data's class i; `note` a remark for the user.

    `class_names` are the network's, in the words of the data where its own are others.
    """

    class_names: tuple[str, ...]
    labels: tuple[int, ...]
    note: str = ""


def match_classes(
    trained: Sequence[str], num_classes: int, found: Sequence[str], *, source: str, data: str
) -> ClassMatch:
    """Match by name the classes `found` in `data` with those that `source` was `trained` on.

    Where one side has no names, or ImageNet's classes stand in words there and by their numbers
    here, the classes are taken in order, if there are as many: sorted folders are the convention.
    Raises: ValueError that lists every class of the data that the network lacks, or has twice.
    """
    counts = Counter(trained)
    unmatched = [name for name in found if counts[name] != 1]
    if not unmatched:
        return ClassMatch(tuple(trained), tuple(trained.index(name) for name in found))
    if not _in_other_words(trained, found):
        raise ValueError(
            f"classes of {data} must be among the {num_classes} of {source}, got also {unmatched}; "
            "leave them out, or give a network that was trained on them"
        )
    if len(found) != num_classes:
        raise ValueError(
            f"{data} must have all {num_classes} classes of {source}, which names them otherwise "
            f"or not at all, got {len(found)}; give data with all of them, or weights that have "
            "the names of these"
        )
    note = f"{source} names its {num_classes} classes otherwise or not: those of {data} in order"
    return ClassMatch(tuple(found), tuple(range(num_classes)), note)


def _in_other_words(trained: Sequence[str], found: Sequence[str]) -> bool:
    nameless = not trained or list(found) == [str(i) for i in range(len(found))]
    ids = [all(map(WNID.fullmatch, names)) for names in (trained, found)]
    return nameless or ids[0] != ids[1]
