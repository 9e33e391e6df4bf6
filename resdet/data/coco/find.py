"""COCO-form JSON found in a folder, each with its images: Roboflow's, CVAT's, anyone's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from backbones.files.json_file import gc_paused, read_json
from resdet.data.coco.source import load
from resdet.data.found import Found
from resdet.data.source import Source
from resdet.data.splits import (
    ALL,
    SPLITS,
    split_name,
    subfolders,
)
from resdet.structures.classes import real_categories

_LOOKED_AT = 20  # images of a JSON, to see which folder holds them
_OF_OTHERS = ("captions", "person_keypoints", "stuff", "panoptic")  # of COCO's own annotations

_NO_SPLIT = ("default", "coco", "annotations", "instances", "labels", "dataset", "result")


@dataclass(frozen=True)
class CocoSplit:
    """One JSON: its split, the folder of its images, their number and its class names."""

    split: str
    file: Path
    images: Path
    count: int
    class_names: tuple[str, ...]


def coco_splits(root: Path) -> tuple[list[CocoSplit], list[str]]:
    """What lies in `root` and the folders in it, and remarks on what was passed over.

    Raises: ValueError where a JSON's images are nowhere.
    """
    folders = [root, *subfolders(root)]
    files = [file for folder in folders for file in sorted(folder.glob("*.json"))]
    found, remarks = [], []
    for file in files:
        if file.name.startswith(_OF_OTHERS):
            continue
        try:
            content = _content(file)
        except (OSError, ValueError) as fault:
            remarks.append(f"passed over: {file.relative_to(root)}: {fault}")
            continue
        if content is None:
            continue
        if "annotations" not in content:
            remarks.append(f"passed over: {file.relative_to(root)}, which has no annotations")
            continue
        raw = _raw_split(file, root)
        categories = sorted(real_categories(content), key=lambda c: str(c.get("id")).zfill(12))
        names = tuple(str(category.get("name")) for category in categories)
        images = _images_of(file, content["images"], root, raw)
        found.append(CocoSplit(raw, file, images, len(content["images"]), names))
    return _told_apart(found), remarks


def _content(file: Path) -> dict[str, Any] | None:
    """The JSON, where it has COCO's lists.

    Raises: OSError, ValueError if it cannot be read.
    """
    with gc_paused():
        content = read_json(file, finite=False)
    if not isinstance(content, dict):
        return None
    lists = [content.get(key) for key in ("images", "categories")]
    sound = all(
        isinstance(part, list) and part and all(isinstance(entry, dict) for entry in part)
        for part in lists
    )
    return content if sound else None


def _raw_split(file: Path, root: Path) -> str:
    """`train2017` of instances_train2017.json, `valid` of valid/_annotations.coco.json."""
    words = re.split(r"[^A-Za-z0-9]+", file.stem)
    for word in [*words, *(reversed(file.relative_to(root).parts[:-1]))]:
        if split_name(re.sub(r"\d+$", "", word)) in SPLITS:
            return word
    return ALL if words[-1].lower() in _NO_SPLIT else file.stem


def _told_apart(found: list[CocoSplit]) -> list[CocoSplit]:
    """Each under `train`, `val`, `test`, ..., but for those of which two would be one."""
    short = [split_name(re.sub(r"\d+$", "", one.split)) for one in found]
    if len(short) == 1 and short[0] not in SPLITS:
        short = [ALL]  # a name of its own is no split
    return [
        CocoSplit(
            name if short.count(name) == 1 else one.file.stem,
            one.file,
            one.images,
            one.count,
            one.class_names,
        )
        for name, one in zip(short, found, strict=True)
    ]


def _images_of(file: Path, entries: list[dict[str, Any]], root: Path, raw: str) -> Path:
    names = [str(entry.get("file_name")).replace("\\", "/") for entry in entries[:_LOOKED_AT]]
    bases = dict.fromkeys([file.parent, file.parent.parent, root])
    bases = dict.fromkeys(b for b in bases if b == root or root in b.parents)
    inner = ("", "images", raw, split_name(raw), f"images/{raw}", f"images/{split_name(raw)}")
    folders = [base / name for base in bases for name in inner]
    folders += [*subfolders(root), *(f for base in subfolders(root) for f in subfolders(base))]
    counts = {
        folder: sum((folder / name).is_file() for name in names)
        for folder in dict.fromkeys(folders)
        if folder.is_dir()
    }
    best = max(counts, key=lambda folder: counts[folder])
    if not counts[best] and all(PureWindowsPath(name).anchor for name in names):
        raise ValueError(
            f"file_name in {file} must be relative to the folder of the images, got {names[0]!r}; "
            "write them so, without the folders of the machine that made them"
        )
    if not counts[best]:
        raise ValueError(
            f"images of {file} must lie in {root} or a folder in it, got none called "
            f"{', '.join(names[:3])}; put them into {file.parent / 'images'}"
        )
    return best


def settles(root: Path) -> bool:
    """A JSON beside other data is no proof."""
    return False


def nearly(root: Path) -> str:
    """Nothing: `find` tells of images that are nowhere."""
    return ""


def find(root: Path) -> Found | None:
    """The JSON files in `root` and the folders in it, each with its images.

    Raises: ValueError where a JSON's images are nowhere.
    """
    splits, remarks = coco_splits(root)
    if not splits:
        return None
    sources = {
        one.split: Source("coco", one.file.relative_to(root), images=one.images.relative_to(root))
        for one in splits
    }
    why = ", ".join(str(one.file.relative_to(root)) for one in splits)
    counts = {one.split: one.count for one in splits}
    names = splits[0].class_names
    return Found(root, "coco", load, why, names, sources, counts, tuple(remarks))
