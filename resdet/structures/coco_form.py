"""COCO-form JSON made plain: what tools write otherwise than COCO, as COCO would write it.

Ids and boxes as text or fractions become numbers, polygons and masks without a box get the box
around them, an entry that is there twice stays once. What cannot be converted is left as it is:
each reader names it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from resdet.structures import coco_values as values
from resdet.structures.coco_masks import box_around

AS_TEXT = "ids, sizes, boxes or flags written as text"
DRAWN = "objects without a box, drawn as polygons or masks"
REPEATED = "images or categories that are there twice, the same"
ABOVE = "categories that have a supercategory for their name"

_Told = dict[str, list[str]]


@dataclass(frozen=True)
class Plain:
    """The JSON; `told`: of what was made plain, which entries."""

    content: dict[str, Any]
    told: _Told


def plain(content: Mapping[str, Any]) -> Plain:
    """Of JSON with lists `images` and `categories`, and perhaps one of `annotations`."""
    told: _Told = {kind: [] for kind in (AS_TEXT, DRAWN, REPEATED, ABOVE)}
    images = _once([_image(entry, told) for entry in content["images"]], "image", told)
    categories = [_with_integer(entry, told) for entry in content["categories"]]
    categories = _named(_once(categories, "category", told), told)
    made = {**content, "images": images, "categories": categories}
    annotations = content.get("annotations")
    if isinstance(annotations, list):
        ids, numbers = _ids(images), _ids(categories)
        if not _is_plain(annotations, ids, numbers):
            known = {"image_id": _meaning(ids), "category_id": _meaning(numbers)}
            made["annotations"] = [_annotation(entry, known, told) for entry in annotations]
    return Plain(made, told)


def _is_plain(annotations: Sequence[Any], images: set[Hashable], categories: set[Hashable]) -> bool:
    """Whether no entry needs to be looked at."""
    try:
        columns = {key: [e[key] for e in annotations] for key in ("image_id", "category_id")}
        boxes = [entry["bbox"] for entry in annotations]
        flags = {type(e.get(key)) for e in annotations for key in ("iscrowd", "ignore")}
        ids = {*map(type, chain(*columns.values())), *(type(e.get("id")) for e in annotations)}
        numbers = set(map(type, chain.from_iterable(boxes)))
        known = set(columns["image_id"]) <= images and set(columns["category_id"]) <= categories
    except values.FAULTS:
        return False
    integers = ids <= {int, str, type(None)} and flags <= {int, type(None)}
    return known and integers and all(boxes) and str not in numbers


def _image(entry: Any, told: _Told) -> Any:
    """With its id and its size as numbers, where they are."""
    if not isinstance(entry, dict):
        return entry
    changes = {"id": _read(values.image_id, entry.get("id"))}
    for side in ("height", "width"):
        if isinstance(entry.get(side), str):
            changes[side] = _read(values.number, entry[side])
    return _changed(entry, changes, "image", told)


def _with_integer(entry: Any, told: _Told) -> Any:
    if not isinstance(entry, dict):
        return entry
    return _changed(entry, {"id": _read(values.integer, entry.get("id"))}, "category", told)


def _annotation(entry: Any, known: Mapping[str, Callable[[Any], Any]], told: _Told) -> Any:
    if not isinstance(entry, dict):
        return entry
    changes = {key: meaning(entry.get(key)) for key, meaning in known.items()}
    changes["id"] = _read(values.integer, entry.get("id"))
    for key in ("iscrowd", "ignore"):
        changes[key] = _read(values.flag, entry.get(key))
    box = entry.get("bbox")
    if not box and (around := box_around(entry.get("segmentation"))):
        told[DRAWN].append(f"annotation {entry.get('id')}")
        entry = {**entry, "bbox": around}
    elif isinstance(box, list) and any(isinstance(value, str) for value in box):
        changes["bbox"] = _read(values.box, box)
    return _changed(entry, changes, "annotation", told)


def _changed(
    entry: dict[str, Any], changes: Mapping[str, Any], kind: str, told: _Told
) -> dict[str, Any]:
    """The entry with what is there and is another value, or another type."""
    made = {
        key: value
        for key, value in changes.items()
        if key in entry and (type(value), value) != (type(entry[key]), entry[key])
    }
    if not made:
        return entry
    if any(_has_text(entry[key]) for key in made):
        told[AS_TEXT].append(f"{kind} {entry.get('id')!r}: {', '.join(sorted(made))}")
    return {**entry, **made}


def _has_text(value: object) -> bool:
    return any(isinstance(one, str) for one in (value if isinstance(value, list) else [value]))


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    """As read, or as it is where it cannot be."""
    try:
        return value if value is None else read(value)
    except values.FAULTS:
        return value


def _ids(entries: Sequence[Any]) -> set[Hashable]:
    ids = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return {value for value in ids if isinstance(value, int | str)}


def _meaning(ids: set[Hashable]) -> Callable[[Any], Any]:
    """What an id in an annotation stands for: the same, or the only one that is its number."""
    by_number: dict[Any, list[Any]] = {}
    for value in ids:
        number = _read(values.integer, value)
        if isinstance(number, int):
            by_number.setdefault(number, []).append(value)

    def meaning(value: Any) -> Any:
        if isinstance(value, str | int) and value in ids:
            return value
        number = _read(values.integer, value)
        same = by_number.get(number, ()) if isinstance(number, int) else ()
        return same[0] if len(same) == 1 else value

    return meaning


def _once(entries: list[Any], kind: str, told: _Told) -> list[Any]:
    """Without those that are the same as one before them."""
    first: dict[int | str, Any] = {}
    kept = []
    for entry in entries:
        number = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(number, int | str):
            if first.get(number) == entry:
                told[REPEATED].append(f"{kind} {number!r}")
                continue
            first.setdefault(number, entry)
        kept.append(entry)
    return kept


def _named(categories: list[Any], told: _Told) -> list[Any]:
    """By their supercategories, where none has a name and these differ."""
    sound = [entry for entry in categories if isinstance(entry, dict)]
    above = {str(entry.get("supercategory")) for entry in sound if entry.get("supercategory")}
    bare = not any("name" in entry for entry in sound)
    if not sound or not bare or len(above) < len(categories):
        return categories
    told[ABOVE] += [f"category {entry.get('id')!r}" for entry in sound]
    return [{**entry, "name": entry["supercategory"]} for entry in sound]
