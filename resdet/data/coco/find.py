"""COCO-form JSON found in a folder, each with its images: Roboflow's, CVAT's, anyone's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any

from backbones.files.json_file import gc_paused, read_json
from backbones.images.folders import SUFFIXES, files_below
from resdet.data.coco.source import load
from resdet.data.found import Found
from resdet.data.source import Source
from resdet.data.splits import (
    ALL,
    SPLITS,
    split_name,
    subfolders,
)
from resdet.data.validate import counted, left_out
from resdet.structures.classes import real_categories

_LOOKED_AT = 20  # images of a JSON, to see which folder holds them
_OF_OTHERS = ("captions", "person_keypoints", "stuff", "panoptic")  # of COCO's own annotations

_NO_SPLIT = ("default", "coco", "annotations", "instances", "labels", "dataset", "result")


@dataclass(frozen=True)
class CocoSplit:
    """One JSON: its split, the folder of its images, their number, its class names, their files."""

    split: str
    file: Path
    images: Path
    count: int
    class_names: tuple[str, ...]
    listed: frozenset[str]


def coco_splits(root: Path) -> tuple[list[CocoSplit], list[str]]:
    """What lies in `root` and the folders in it, and remarks on what was passed over.

    Raises: ValueError where a JSON's images are nowhere.
    """
    folders = [root, *subfolders(root)]
    files = [file for folder in folders for file in sorted(folder.glob("*.json"))]
    others = [file for file in files if file.name.startswith(_OF_OTHERS)]
    found, remarks = _read([file for file in files if file not in others], root)
    if not found:
        found, more = _read(others, root)
        return _told_apart(found, root), remarks + more
    if others:
        remarks.append(f"passed over, as of other tasks by their names: {counted(others)}")
    return _told_apart(found, root), remarks


def _read(files: Sequence[Path], root: Path) -> tuple[list[CocoSplit], list[str]]:
    found: list[CocoSplit] = []
    remarks: list[str] = []
    for file in files:
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
        listed = frozenset(str(entry.get("file_name")) for entry in content["images"])
        found.append(CocoSplit(raw, file, images, len(content["images"]), names, listed))
    return found, remarks


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
    words = _words(file.stem)
    for word in [*words, *(reversed(file.relative_to(root).parts[:-1]))]:
        if split_name(re.sub(r"\d+$", "", word)) in SPLITS:
            return word
    return ALL if words[-1].lower() in _NO_SPLIT else file.stem


def _told_apart(found: list[CocoSplit], root: Path) -> list[CocoSplit]:
    """Each under `train`, `val`, `test`, ..., but for those of which two would be one."""
    short = [split_name(re.sub(r"\d+$", "", one.split)) for one in found]
    if len(short) == 1 and (short[0] not in SPLITS or _is_named_freely(found[0], root)):
        short = [ALL]  # a name of its own is no split
    return [
        replace(one, split=name if short.count(name) == 1 else one.file.stem)
        for name, one in zip(short, found, strict=True)
    ]


def _is_named_freely(one: CocoSplit, root: Path) -> bool:
    """Whether more than a split stands in the name: test_site_photos.json."""
    words = [word for word in _words(one.file.stem) if word.lower() not in _NO_SPLIT]
    return one.split in words[:-1] and one.file.parent == root


def _words(stem: str) -> list[str]:
    return re.split(r"[^A-Za-z0-9]+", stem)


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
            "leave out the folders of the machine that wrote it"
        )
    if not counts[best]:
        raise ValueError(
            f"images of {file} must lie in {root} or a folder in it, got none called "
            f"{', '.join(names[:3])}; put them into {file.parent / 'images'}"
        )
    return best


def _unlisted(splits: Sequence[CocoSplit]) -> list[str]:
    """A line for the images beside those of the JSON files that none lists."""
    taken = {str(one.images / name.replace("\\", "/")) for one in splits for name in one.listed}
    places = dict.fromkeys(one.images for one in splits)
    there = dict.fromkeys(str(f / name) for f in places for name in files_below(f, SUFFIXES))
    return left_out([Path(path) for path in there if path not in taken], "images in no JSON")


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
    remarks += _unlisted(splits)
    counts = {one.split: one.count for one in splits}
    names = splits[0].class_names
    return Found(root, "coco", load, why, names, sources, counts, tuple(remarks))
