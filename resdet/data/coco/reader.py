"""COCO-form JSON: instances, image lists without annotations, exports of other tools."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from backbones.files.json_file import read_json
from backbones.terminal.progress import tracked
from resdet.data.turned import ATTRIBUTE, angle_of, warn_turned
from resdet.data.validate import Faults, check_names, is_pixels, text_lines, warn_thin
from resdet.structures import boxes as box
from resdet.structures.classes import real_categories
from resdet.structures.records import Dataset, GroundTruth, ImageRecord

_Json = dict[str, Any]
IDS_DIFFER = "ids must differ"


def load_coco(
    annotations: Path, images: Path | None, *, name: str = "", listing: Path | None = None
) -> Dataset:
    """The images of a COCO-form JSON, in its order; labels follow the rising category ids.

    `listing`: a file that names those to take, one `file_name` a line.

    Without an "annotations" key, as in COCO's `image_info_test*.json`, nothing is known of the
    objects and every `ground_truth` is None. `images` None: the files are not looked for, which
    is enough to score. An object with "ignore" that is no crowd is VOC's difficult one.

    Raises: ValueError listing every fault: unknown or repeated ids, bad boxes, missing files.
    """
    annotations = Path(annotations)
    faults = Faults(f"COCO data {annotations}")
    content = read_content(annotations, images, faults)
    categories = by_id(content["categories"], "category", ("name",), faults)
    listed = by_id(content["images"], "image", ("file_name", "height", "width"), faults)
    chosen = _chosen(listed, listing, faults)
    label_of = {category: label for label, category in enumerate(sorted(categories))}
    names = class_names(categories, faults)
    objects: dict[int, list[_Json]] | None = None
    thin: list[str] = []
    if "annotations" in content:
        objects = _objects(content["annotations"], listed, label_of, faults, thin)
    present = None if images is None else set(os.listdir(images))
    records = []
    for image_id, image in chosen.items():
        path = image_path(image, images, present, faults)
        height, width = size_of(image, faults) or (0, 0)
        truth = None if objects is None else _ground_truth(objects.get(image_id, []), label_of)
        records.append(ImageRecord(image_id, path, height, width, truth))
    faults.raise_any()
    warn_thin(str(annotations), thin)
    things = (thing for image_id in chosen for thing in (objects or {}).get(image_id, ()))
    warn_turned(str(annotations), [angle_of_entry(thing) for thing in things])
    return Dataset(
        name or f"coco:{annotations}:{images}",
        "coco",
        tuple(names),
        tuple(records),
        annotations,
        category_ids=tuple(label_of),
    )


def _chosen(listed: dict[int, _Json], listing: Path | None, faults: Faults) -> dict[int, _Json]:
    if listing is None:
        return listed
    if not listing.is_file():
        faults.add(f"{listing} must be a list of images, got none; make the split anew")
        faults.raise_any()
    written = {str(image["file_name"]): image_id for image_id, image in listed.items()}
    id_of = {name.replace("\\", "/"): image_id for name, image_id in written.items()} | written
    lines = text_lines(listing)
    for line in lines:
        if line not in id_of:
            faults.add(f"{listing} must list images of the JSON, got {line!r}; drop the line")
    return {id_of[line]: listed[id_of[line]] for line in lines if line in id_of}


def read_content(annotations: Path, images: Path | None, faults: Faults) -> _Json:
    """The JSON with its lists `images` and `categories`; `annotations` may be absent.

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
        if not isinstance(content, dict):
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
    return {**content, "categories": real_categories(content)}


def by_id(
    entries: list[_Json], kind: str, keys: tuple[str, ...], faults: Faults
) -> dict[int, _Json]:
    """The sound entries, the first of each id; what is wrong with the others is told."""
    found: dict[int, _Json] = {}
    for entry in entries:
        missing = [key for key in ("id", *keys) if not isinstance(entry, dict) or key not in entry]
        if missing:
            faults.add(f"{kind} must have {', '.join(missing)}, got {str(entry)[:80]}; add them")
        elif not isinstance(entry["id"], int):
            faults.add(f"{kind} id must be an integer, got {entry['id']!r}; number them")
        elif entry["id"] in found:
            faults.add(f"{kind} {IDS_DIFFER}, got {entry['id']} twice; renumber or remove one")
        else:
            found[entry["id"]] = entry
    return found


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


def image_path(image: _Json, images: Path | None, present: set[str] | None, faults: Faults) -> Path:
    """The file inside `images`; a name that leads out of the folder is refused, not followed."""
    file_name = str(image["file_name"])
    parts = PurePosixPath(file_name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        faults.add(
            f"image {image['id']}: file_name must stay inside {images or 'the image folder'}, "
            f"got {file_name!r}; write it relative to that folder"
        )
        return Path()
    if images is None or present is None:
        return Path(file_name)
    path = images / file_name
    if file_name not in present and len(parts.parts) > 1 and not path.is_file():
        path = images / parts  # Windows wrote its backslashes
    if file_name not in present and not (len(parts.parts) > 1 and path.is_file()):
        faults.add(
            f"image {image['id']}: {path} must be a file, got none; add it or drop the entry"
        )
    return path


def size_of(image: _Json, faults: Faults) -> tuple[int, int] | None:
    """(height, width) as the JSON tells it; None where it is no size, its fault told."""
    sides = {side: image[side] for side in ("height", "width")}
    for side, value in sides.items():
        if not isinstance(value, int | float) or not (is_pixels(value) and value >= 1):
            faults.add(
                f"image {image['id']}: {side} must be a number of pixels, got {value!r:.80}; "
                "write the image's own"
            )
            return None
    return int(sides["height"]), int(sides["width"])


def _objects(
    entries: list[_Json],
    images: Mapping[int, _Json],
    label_of: Mapping[int, int],
    faults: Faults,
    thin: list[str],
) -> dict[int, list[_Json]]:
    """The sound annotations by image id; `thin` receives those at most a pixel wide or high."""
    by_image: dict[int, list[_Json]] = {}
    for entry in tracked(entries, "reading annotations"):
        told = fault_of(entry, images, label_of)
        if told:
            faults.add(told)
            continue
        image_id = entry["image_id"]
        by_image.setdefault(image_id, []).append(entry)
        if min(entry["bbox"][2:]) <= 1:
            thin.append(
                f"{images[image_id]['file_name']}: annotation {entry.get('id')} {entry['bbox']}"
            )
    return by_image


def fault_of(entry: _Json, images: Mapping[int, object], label_of: Mapping[int, object]) -> str:
    """What is wrong with one annotation, or nothing."""
    if not isinstance(entry, dict):
        return f"annotation must be an object, got {str(entry)[:80]}"
    subject = f"annotation {entry.get('id')}"
    if not _known(entry.get("image_id"), images):
        return (
            f"{subject}: image_id must be listed in 'images', got {entry.get('image_id')!r}; "
            "add the image or remove the annotation"
        )
    if not _known(entry.get("category_id"), label_of):
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
        if entry.get(key, 0) not in (0, 1):
            return f"{subject}: {key} must be 0 or 1, got {entry[key]!r:.80}; repair it"
    return ""


def _known(value: object, ids: Mapping[int, object]) -> bool:
    return isinstance(value, int) and value in ids


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


def _ground_truth(objects: list[_Json], label_of: Mapping[int, int]) -> GroundTruth:
    written = np.array([entry["bbox"] for entry in objects], np.float64).reshape(-1, 4)
    return GroundTruth(
        box.from_xywh(written),
        np.array([label_of[entry["category_id"]] for entry in objects], np.int64),
        difficult=np.array([is_difficult(entry) for entry in objects], bool),
        crowd=np.array([is_crowd(entry) for entry in objects], bool),
    )


def is_crowd(entry: _Json) -> bool:
    """Whether it is the region of several objects."""
    return bool(entry.get("iscrowd", 0))


def is_difficult(entry: _Json) -> bool:
    """Whether it is to be ignored, as VOC's difficult objects are, and no crowd."""
    return bool(entry.get("ignore", 0)) and not is_crowd(entry)
