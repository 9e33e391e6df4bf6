"""The picture of each image that a COCO-form JSON lists, and its size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from resdet.data.foreign_names import Pictures, ends, told_of
from resdet.data.validate import Faults, is_pixels
from resdet.structures.records import ImageId


def find_pictures(
    listed: Mapping[ImageId, dict[str, Any]], images: Path | None
) -> tuple[dict[ImageId, Path], dict[ImageId, str]]:
    """(the file of each image, what is wrong with those of the others).

    A name is that of a file in `images`, or the end of one of another machine's: see `Pictures`.
    Without `images` nothing is looked for.
    """
    names = {image_id: str(image["file_name"]) for image_id, image in listed.items()}
    if images is None:
        return {i: Path((ends(name) or [name])[0]) for i, name in names.items()}, {}
    present, pictures = set(os.listdir(images)), Pictures(images)
    paths: dict[ImageId, Path] = {}
    wrong: dict[ImageId, str] = {}
    first: dict[str, ImageId] = {}
    for image_id, name in names.items():
        found = [name] if name in present else _inside(name, images) or pictures.meant(name)
        told = told_of(found)
        if len(found) == 1:
            other = first.setdefault(found[0], image_id)
            if ends(names[other])[:1] == ends(name)[:1]:
                paths[image_id] = images / found[0]
                continue
            told = f"{names[other]!r}, of image {other}, names {found[0]} as well; "
            told += "add the image that is not there, or drop the entry"
        wrong[image_id] = (
            f"image {image_id}: file_name must name one file in {images} or a folder in it, "
            f"got {name!r:.200}: {told}"
        )
    return paths, wrong


def _inside(name: str, images: Path) -> list[str]:
    """The name below the folder as it is written; nothing of one that leads out of it."""
    plain = name.replace("\\", "/")
    if PureWindowsPath(plain).anchor or ".." in plain.split("/"):
        return []
    return [plain] if "/" in plain and (images / plain).is_file() else []


def size_of(image: Mapping[str, Any], faults: Faults) -> tuple[int, int] | None:
    """(height, width) as the JSON tells it; None where it tells none, or no size, its fault told.

    0 is none, as some tools write it.
    """
    sides = {side: image.get(side) for side in ("height", "width")}
    if not all(sides.values()):
        return None
    for side, value in sides.items():
        if not isinstance(value, int | float) or not (is_pixels(value) and value >= 1):
            faults.add(
                f"image {image['id']}: {side} must be a number of pixels, got {value!r:.80}; "
                "write the image's own, or take it out"
            )
            return None
    return int(sides["height"] or 0), int(sides["width"] or 0)


def measured(path: Path, faults: Faults) -> tuple[int, int]:
    """(height, width) of a picture; 0 x 0 where it has none, its fault told."""
    from backbones.images.decoding import image_size  # OpenCV, which files are scored without

    try:
        return image_size(path)
    except ValueError as fault:
        faults.add(str(fault))
        return (0, 0)
