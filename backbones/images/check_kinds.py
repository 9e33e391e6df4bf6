"""What can be wrong with image files and their splits, whatever they are labelled with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from backbones.images.check_report import Kind, Report
from backbones.images.depth import EIGHT, shift_of, values_of_file
from backbones.images.inspect import ImageFacts, same_content
from backbones.terminal.wording import shorten

_RESTORE = "restore them, or drop them from the data"
MISSING = Kind("missing image", "error", "images that are not there", _RESTORE)
UNREADABLE = Kind("unreadable image", "error", "files that are no readable image", _RESTORE)
CUT = Kind("truncated image", "error", "images whose end is missing", _RESTORE)
DAMAGED = Kind("damaged image", "warning", "images that their decoder complains about", "look")
ROTATED = Kind("rotated image", "note", "images that their EXIF data rotates: they are read so")
DEEP = "16 bits"
_DEEP_LOOKED_AT = 16  # of them, all of whose pixels are decoded where training only asks
LEAK = Kind(
    "leak",
    "warning",
    "images that two splits share",
    "take them out of one, or its score is too good",
)
COPY = Kind("copy", "warning", "copies of images within a split", "keep one of each")
CONFLICT = Kind(
    "conflict", "warning", "images that are in the folders of two classes", "decide for one"
)
ALIKE = Kind(
    "alike classes",
    "warning",
    "classes whose names differ in capitals or spaces alone",
    "rename one",
)
ABSENT_CLASS = Kind("absent class", "warning", "splits without any example of a class")

_KIND_OF_STATE = {"missing": MISSING, "unreadable": UNREADABLE, "cut": CUT, "damaged": DAMAGED}


def tell_images(report: Report, facts: Mapping[str, ImageFacts]) -> None:
    """Adds every file that is not whole, those that EXIF turns, and those of 16 bits."""
    for path, fact in facts.items():
        kind = _KIND_OF_STATE.get(fact.state)
        if kind is not None:
            report.add(kind, f"{path}: {fact.why}" if fact.why else path)
        if fact.orientation != 1:
            report.add(ROTATED, f"{path}: orientation {fact.orientation}")
    kind = deep_kind([fact.values for fact in facts.values()])
    for path, fact in facts.items():
        if fact.depth > EIGHT:
            used = f": {fact.values[0]} to {fact.values[1]}" if fact.values else ""
            report.add(kind, path + used)


def deep_kind(values: Sequence[tuple[int, int] | None]) -> Kind:
    """What images of 16 bits are: a warning where the upper bits are not used, or not known."""
    known = [pair for pair in values if pair is not None]
    what = "images of 16 bits a channel, of which the upper 8 are read"
    if not known:
        return Kind(DEEP, "warning", what, "which bits they use is told without --quick")
    low, high = min(least for least, _ in known), max(most for _, most in known)
    used, shift = f"values {low} to {high} of 65535", shift_of(known)
    if shift == EIGHT:
        return Kind(DEEP, "note", what, used)
    way = f"resdet check-data --fix writes their {shift + EIGHT} bits in 8"
    return Kind(DEEP, "warning", what, f"{used}, dark where 65535 is white; {way}")


def told_of_depth(paths: Sequence[str], facts: Sequence[ImageFacts]) -> str:
    """One line on images of 16 bits whose upper bits are not used; "" where all is well."""
    deep = [path for path, fact in zip(paths, facts, strict=True) if fact.depth > EIGHT]
    kind = deep_kind([value for path in deep[:_DEEP_LOOKED_AT] if (value := values_of_file(path))])
    return f"{kind.what}: {len(deep)}, {kind.cure}" if deep and kind.severity != "note" else ""


def tell_copies(
    report: Report,
    splits: Mapping[str, Sequence[str]],
    facts: Mapping[str, ImageFacts],
    label_of: Callable[[str], object] = lambda path: None,
) -> None:
    """Adds what is shown twice in a split, under two labels, or in two splits.

    A trainval that lists all of another is meant to, but for a test: that would be the worst leak.
    """
    paths = list(facts)
    content: dict[str, int] = {}
    for number, group in enumerate(same_content(paths, list(facts.values()))):
        content |= {paths[at]: number for at in group}
    told: set[tuple[str, str]] = set()
    first: dict[str, dict[object, str]] = {}  # by split: a picture -> the first path to it
    for split, listed in splits.items():
        seen = first.setdefault(split, {})
        for path in listed:
            known = seen.setdefault(content.get(path, path), path)
            if known != path and (known, path) not in told:
                told.add((known, path))
                kind = COPY if label_of(known) == label_of(path) else CONFLICT
                report.add(kind, f"{path} shows what {known} shows")
    for one, other in combinations(splits, 2):
        if _is_part(one, other, splits) or _is_part(other, one, splits):
            continue
        for picture in first[one].keys() & first[other].keys():
            a, b = first[one][picture], first[other][picture]
            report.add(LEAK, f"{one} and {other}: {a}" + (f" shows what {b} shows" * (a != b)))
    if LEAK in report.found:
        report.found[LEAK].sort()


def _is_part(part: str, whole: str, splits: Mapping[str, Sequence[str]]) -> bool:
    named = "trainval" in whole and "test" not in part
    return named and set(splits[part]) <= set(splits[whole])


def tell_classes(report: Report, class_names: Iterable[str]) -> None:
    """Adds names that differ by case or blanks only, and classes that a split lacks."""
    written: dict[str, str] = {}
    for name in class_names:
        known = written.setdefault("".join(name.split()).casefold(), name)
        if known != name:
            report.add(ALIKE, f"{known!r} and {name!r}")
    if len(report.classes) > 1:
        for split, counts in report.classes.items():
            absent = [name for name, count in counts.items() if not count]
            if absent:
                report.add(ABSENT_CLASS, f"{split}: {shorten(absent)}")
