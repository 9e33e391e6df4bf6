"""COCO-form JSON: instances, image lists without annotations, exports of other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.json_file import gc_paused, read_json
from backbones.terminal.progress import tracked
from resdet.data.coco.pictures import find_pictures, measured, size_of
from resdet.data.other_forms import told_by
from resdet.data.turned import ATTRIBUTE, angle_of, warn_turned
from resdet.data.validate import Faults, check_names, is_pixels, text_lines, warn_thin
from resdet.structures import boxes as box
from resdet.structures.classes import real_categories
from resdet.structures.coco_form import Plain, plain
from resdet.structures.coco_json import OUT_OF_EVERY_AREA_RANGE
from resdet.structures.coco_values import FAULTS, called_difficult
from resdet.structures.records import Dataset, GroundTruth, ImageId, ImageRecord

_Json = dict[str, Any]
_Images = dict[ImageId, _Json]
IDS_DIFFER = "ids must differ"


@gc_paused()
def load_coco(
    annotations: Path,
    images: Path | None,
    *,
    name: str = "",
    listing: Path | None = None,
    content: Plain | None = None,
    objects: bool = True,
) -> Dataset:
    """The images of a COCO-form JSON, in its order; labels follow the rising category ids.

    `listing`: a file that names those to take, one `file_name` a line. `content`: what
    `read_content` made of the file, where that is done already.

    Without an "annotations" key, as in COCO's `image_info_test*.json`, nothing is known of the
    objects and every `ground_truth` is None; without `objects` too, after the same checks.
    `images` None: the files are not looked for, which is enough to score. An object with
    "ignore" that is no crowd is VOC's difficult one.

    Raises: ValueError listing every fault: unknown or repeated ids, bad boxes, missing files.
    """
    annotations = Path(annotations)
    faults = Faults(f"COCO data {annotations}")
    plain_content = (content or read_content(annotations, images, faults)).content
    named = by_id(plain_content["categories"], "category", ("name",), faults)
    categories = numbered(named, faults)
    listed = by_id(plain_content["images"], "image", ("file_name",), faults)
    paths, wrong = find_pictures(listed, images)
    chosen = _chosen(listed, paths, images, listing, faults)
    label_of = {category: label for label, category in enumerate(sorted(categories))}
    names = class_names(categories, faults)
    known = "annotations" in plain_content
    entries = _sound(plain_content.get("annotations", []), listed, named, faults)
    if len(named) > len(categories):
        faults.raise_any()  # without labels
    values = chain.from_iterable(entry["bbox"] for entry in entries)
    boxes = np.fromiter(values, np.float64, 4 * len(entries)).reshape(-1, 4)
    truths = _ground_truths(entries, boxes, chosen, label_of) if known and objects else {}
    records = []
    for image_id, image in chosen.items():
        size = size_of(image, faults)
        if image_id in wrong:
            faults.add(wrong[image_id])
            continue
        path = paths[image_id]
        height, width = size or (measured(path, faults) if images else (0, 0))
        records.append(ImageRecord(image_id, path, height, width, truths.get(image_id)))
    faults.raise_any()
    warn_thin(str(annotations), _thin(entries, boxes, listed))
    own = (e for e in entries if "attributes" in e and e["image_id"] in chosen)
    warn_turned(str(annotations), list(map(angle_of_entry, own)))
    return Dataset(
        name or f"coco:{annotations}:{images}",
        "coco",
        tuple(names),
        tuple(records),
        annotations,
        category_ids=tuple(label_of),
    )


def _chosen(
    listed: _Images,
    paths: Mapping[ImageId, Path],
    images: Path | None,
    listing: Path | None,
    faults: Faults,
) -> _Images:
    if listing is None:
        return listed
    if not listing.is_file():
        faults.add(f"{listing} must be a list of images, got none; make the split anew")
        faults.raise_any()
    id_of = {path.relative_to(images or "").as_posix(): i for i, path in paths.items()}
    id_of |= {str(image["file_name"]): image_id for image_id, image in listed.items()}
    lines = text_lines(listing)
    for line in lines:
        if line not in id_of:
            faults.add(f"{listing} must list images of the JSON, got {line!r}; drop the line")
    return {id_of[line]: listed[id_of[line]] for line in lines if line in id_of}


def read_content(annotations: Path, images: Path | None, faults: Faults) -> Plain:
    """The JSON made plain, its lists `images` and `categories`; `annotations` may be absent.

    Raises: ValueError with all that `faults` holds where anything of this is not there.
    """
    content: object = {}
    try:
        content = read_json(annotations, finite=False)
    except OSError as error:
        told = error.strerror or "No such file"
        faults.add(f"{annotations} must be a readable file, got {told}; check the path")
    except ValueError as fault:
        faults.add(str(fault))
    else:
        if other := told_by(content, "json"):
            faults.add(f"{annotations} must be in COCO's form, got {other.name}; {other.way_out}")
        elif not isinstance(content, dict):
            faults.add(f"{annotations} must hold an object, got {type(content).__name__}")
        else:
            for key in ("images", "categories"):
                if not isinstance(content.get(key), list) or not content[key]:
                    faults.add(f"{annotations} must list {key!r}, got {content.get(key)!r}")
            if not isinstance(content.get("annotations", []), list):
                faults.add(f"{annotations} must hold a list 'annotations'")
    if images is not None and not images.is_dir():
        faults.add(f"{images} must be the folder of the images, got none; check the path")
    faults.raise_any()
    assert isinstance(content, dict)
    made = plain(content)
    kept = {**made.content, "categories": real_categories(made.content)}
    return Plain(kept, made.told)


def by_id(entries: list[_Json], kind: str, keys: tuple[str, ...], faults: Faults) -> _Images:
    """The sound entries, the first of each id; what is wrong with the others is told."""
    found: _Images = {}
    for entry in entries:
        missing = [key for key in ("id", *keys) if not isinstance(entry, dict) or key not in entry]
        if missing:
            faults.add(f"{kind} must have {', '.join(missing)}, got {str(entry)[:80]}; add them")
        elif not isinstance(entry["id"], int | str):
            faults.add(f"{kind} id must be an integer, got {entry['id']!r:.80}; number them")
        elif entry["id"] in found:
            faults.add(f"{kind} {IDS_DIFFER}, got {entry['id']} twice; renumber or remove one")
        else:
            found[entry["id"]] = entry
    return found


def numbered(categories: Mapping[ImageId, _Json], faults: Faults) -> dict[int, _Json]:
    """Those whose id is a number, as results files need it."""
    for category in categories:
        if isinstance(category, str):
            faults.add(
                f"category id must be an integer, got {category!r:.80}; number them, which "
                "resdet check-data --fix does"
            )
    return {number: entry for number, entry in categories.items() if isinstance(number, int)}


def class_names(categories: Mapping[int, _Json], faults: Faults) -> list[str]:
    """By rising id."""
    names = []
    for category, entry in sorted(categories.items()):
        name = entry["name"]
        if not isinstance(name, str):
            faults.add(f"category {category}: name must be a string, got {name!r:.80}; quote it")
        names.append(str(name))
    check_names(names, "category names", faults)
    return names


def _sound(
    entries: list[_Json],
    images: Mapping[ImageId, _Json],
    categories: Mapping[ImageId, _Json],
    faults: Faults,
) -> list[_Json]:
    """The annotations without fault; those of the others are told."""
    if _all_sound(entries, images, categories):
        return entries
    sound = []
    for entry in tracked(entries, "reading annotations"):
        if told := fault_of(entry, images, categories):
            faults.add(told)
        else:
            sound.append(entry)
    return sound


def _thin(
    entries: Sequence[_Json], boxes: box.FloatArray, images: Mapping[ImageId, _Json]
) -> list[str]:
    """Those at most a pixel wide or high."""
    thin = (entries[row] for row in np.flatnonzero((boxes[:, 2:] <= 1).any(axis=1)).tolist())
    return [
        f"{images[entry['image_id']]['file_name']}: annotation {entry.get('id')} {entry['bbox']}"
        for entry in thin
    ]


def _all_sound(
    entries: list[_Json], images: Mapping[ImageId, object], categories: Mapping[ImageId, object]
) -> bool:
    """Whether `fault_of` has nothing to tell, looked at together, which takes a third of the time;
    False where it might have.
    """
    try:
        image_ids = [entry["image_id"] for entry in entries]
        category_ids = [entry["category_id"] for entry in entries]
        boxes = [entry["bbox"] for entry in entries]
        flags = {e.get("iscrowd") for e in entries} | {e.get("ignore") for e in entries}
        values = list(chain.from_iterable(boxes))
        known = set(image_ids) <= images.keys() and set(category_ids) <= categories.keys()
        numbers = np.fromiter(values, np.float64, len(values)).reshape(-1, 4)
    except FAULTS:
        return False
    return (
        known
        and flags <= {None, 0, 1}
        and set(map(type, chain(image_ids, category_ids))) <= {int, str}
        and set(map(type, boxes)) <= {list}
        and set(map(len, boxes)) <= {4}
        and set(map(type, values)) <= {int, float}
        and is_pixels(float(np.abs(numbers).max(initial=0)))
        and bool((numbers[:, 2:] >= 0).all())
    )


def fault_of(
    entry: _Json, images: Mapping[ImageId, object], categories: Mapping[ImageId, object]
) -> str:
    """What is wrong with one annotation, or nothing."""
    if not isinstance(entry, dict):
        return f"annotation must be an object, got {str(entry)[:80]}"
    subject = f"annotation {entry.get('id')}"
    if not _known(entry.get("image_id"), images):
        return (
            f"{subject}: image_id must be listed in 'images', got {entry.get('image_id')!r}; "
            "add the image or remove the annotation"
        )
    if not _known(entry.get("category_id"), categories):
        return (
            f"{subject}: category_id must be listed in 'categories', "
            f"got {entry.get('category_id')!r}; add the category or remove the annotation"
        )
    bbox = entry.get("bbox")
    if not _is_box(bbox):
        return (
            f"{subject}: bbox must be finite [x, y, width >= 0, height >= 0], got {bbox!r:.80}; "
            "repair or remove it"
        )
    for key in ("iscrowd", "ignore"):
        if entry.get(key) not in (None, 0, 1):
            return f"{subject}: {key} must be 0 or 1, got {entry[key]!r:.80}; repair it"
    return ""


def _known(value: object, ids: Mapping[Any, object]) -> bool:
    return isinstance(value, int | str) and value in ids


def _is_box(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(isinstance(number, int | float) and is_pixels(number) for number in value)
        and min(value[2:]) >= 0
    )


def angle_of_entry(entry: _Json) -> float:
    """By how many degrees its attributes turn it."""
    attributes = entry.get("attributes")
    return angle_of(attributes.get(ATTRIBUTE)) if isinstance(attributes, dict) else 0.0


def _ground_truths(
    entries: Sequence[_Json],
    boxes: box.FloatArray,
    images: Iterable[ImageId],
    label_of: Mapping[int, int],
) -> dict[ImageId, GroundTruth]:
    """Of each image, also of one without objects."""
    places = {image_id: place for place, image_id in enumerate(images)}
    of_image = np.array([places.get(entry["image_id"], -1) for entry in entries], np.int64)
    order = np.argsort(of_image, kind="stable")
    bounds = np.searchsorted(of_image[order], np.arange(len(places) + 1)).tolist()
    boxes = box.from_xywh(boxes[order])
    labels = np.array([label_of[entry["category_id"]] for entry in entries], np.int64)[order]
    difficult = np.array(list(map(is_difficult, entries)), bool)[order]
    crowd = np.array(list(map(is_crowd, entries)), bool)[order]
    rows = map(slice, bounds, bounds[1:])
    return {
        image_id: GroundTruth(boxes[own], labels[own], difficult[own], crowd[own])
        for image_id, own in zip(places, rows)
    }


def is_crowd(entry: _Json) -> bool:
    """Whether it is the region of several objects."""
    return bool(entry.get("iscrowd", 0))


def is_difficult(entry: _Json) -> bool:
    """Whether it is to be ignored, as VOC's difficult objects are, and no crowd.

    By "ignore", by an area that COCO's rules ignore, or by the attribute that CVAT and we write.
    """
    told = bool(entry.get("ignore", 0)) or called_difficult(entry.get("attributes"))
    return not is_crowd(entry) and (told or entry.get("area") == OUT_OF_EVERY_AREA_RANGE)
