"""COCO-form JSON found in a folder, each with its images: Roboflow's, CVAT's, anyone's own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backbones.files.json_file import gc_paused, read_json
from backbones.images.folders import SUFFIXES, files_below, files_in
from resdet.data.coco.pictures import find_pictures
from resdet.data.coco.reader import by_id
from resdet.data.coco.source import load
from resdet.data.foreign_names import Pictures, ends
from resdet.data.found import Found
from resdet.data.source import Source
from resdet.data.splits import (
    ALL,
    SPLITS,
    split_name,
    subfolders,
)
from resdet.data.validate import Faults, counted, left_out
from resdet.structures.classes import real_categories
from resdet.structures.coco_form import plain

_LOOKED_AT = 20  # images of a JSON, to see which folder holds them
_OF_OTHERS = ("captions", "person_keypoints", "stuff", "panoptic")  # of COCO's own annotations

_ORDER = ("train", "trainval")  # whose classes are the data's
_BOXLESS = "whose annotations have neither boxes nor anything drawn"
_NO_SPLIT = ("default", "coco", "annotations", "instances", "labels", "dataset", "result")


@dataclass(frozen=True)
class CocoSplit:
    """One JSON: its split, the folder of its images, their number and files, its class names.

    `used`: those of which there are objects.
    """

    split: str
    file: Path
    images: Path
    count: int
    class_names: tuple[str, ...]
    used: frozenset[str]
    listed: frozenset[Path]


def coco_splits(root: Path) -> tuple[list[CocoSplit], list[str]]:
    """What lies in `root` and the folders in it, and remarks on what was passed over.

    Raises: ValueError where a JSON's images are nowhere.
    """
    folders = [root, *subfolders(root)]
    files = [file for folder in folders for file in files_in(folder, (".json",))]
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
        elif _is_boxless(content["annotations"]):
            remarks.append(f"passed over: {file.relative_to(root)}, {_BOXLESS}")
        else:
            found.append(_split(file, content, root))
    return found, remarks


def _is_boxless(annotations: Any) -> bool:
    """Whether there are annotations, and none has a box, nor anything to draw one around."""
    entries = annotations if isinstance(annotations, list) else []
    return bool(entries) and not any(isinstance(e, dict) and e.get("bbox") for e in entries)


def _split(file: Path, content: dict[str, Any], root: Path) -> CocoSplit:
    """Raises: ValueError where the images are nowhere."""
    raw, unheard = _raw_split(file, root), Faults("")
    categories = by_id(real_categories(content), "category", ("name",), unheard)
    names = {
        number: str(category["name"])
        for number, category in sorted(categories.items(), key=lambda one: str(one[0]).zfill(12))
    }
    annotations = content["annotations"] if isinstance(content["annotations"], list) else ()
    used = {str(entry.get("category_id")) for entry in annotations if isinstance(entry, dict)}
    images = _images_of(file, content["images"], root, raw)
    listed = by_id(content["images"], "image", ("file_name",), unheard)
    if images not in _folders(file, root, raw)[0]:
        around = (f for f in (images, *images.parents) if f.is_relative_to(root))
        images = next((f for f in around if not find_pictures(listed, f)[1]), images)
    paths, _ = find_pictures(listed, images)
    return CocoSplit(
        raw,
        file,
        images,
        len(content["images"]),
        tuple(names.values()),
        frozenset(name for number, name in names.items() if str(number) in used),
        frozenset(paths.values()),
    )


def _content(file: Path) -> dict[str, Any] | None:
    """The JSON made plain, where it has COCO's lists.

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
    return plain(content).content if sound else None


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
    """The folder that holds most of the images, by their names or else by the ends of these.

    Raises: ValueError where none does.
    """
    names = [str(entry.get("file_name")) for entry in entries[:_LOOKED_AT]]
    likely, folders = _folders(file, root, raw)
    plain = {name: [name.replace("\\", "/")] for name in names}
    for texts in (plain, {name: ends(name) for name in names}):
        counts = {f: sum(_holds(f, texts[name]) for name in names) for f in folders}
        best = max(counts, key=lambda folder: counts[folder])
        if counts[best]:
            alike = [f for f in folders if counts[f] == counts[best] and f not in likely]
            _check_apart(file, best, [] if best in likely else alike)
            return best
    pictures = Pictures(root)
    alone = [root / found[0] for name in names if len(found := pictures.meant(name)) == 1]
    if alone:
        return Path(os.path.commonpath([path.parent for path in alone]))
    raise ValueError(
        f"images of {file} must lie in {root} or a folder in it, got none called "
        f"{', '.join(names[:3])}; put them there, under these names"
    )


def _check_apart(file: Path, best: Path, alike: Sequence[Path]) -> None:
    """Raises: ValueError where the images may as well lie in a folder that is not in the best."""
    others = [folder for folder in alike if not folder.is_relative_to(best)]
    if others:
        raise ValueError(
            f"images of {file} must lie in one folder, got all of their names in "
            f"{best} and {', '.join(map(str, others))}; write file_name with the folder, or give "
            "the JSON and its folder: --annotations FILE --images DIR"
        )


def _folders(file: Path, root: Path, raw: str) -> tuple[list[Path], list[Path]]:
    """(where the images of a JSON lie by the usual names, these and where else they may lie)."""
    bases = dict.fromkeys([file.parent, file.parent.parent, root])
    bases = dict.fromkeys(b for b in bases if b == root or root in b.parents)
    inner = ("", "images", raw, split_name(raw), f"images/{raw}", f"images/{split_name(raw)}")
    likely = [base / name for base in bases for name in inner]
    deeper = [*subfolders(root), *(f for base in subfolders(root) for f in subfolders(base))]
    every = [folder for folder in dict.fromkeys([*likely, *deeper]) if folder.is_dir()]
    return likely, every


def _holds(folder: Path, texts: Sequence[str]) -> bool:
    """Whether a file in it has one of these names; one that leads out of it is not followed."""
    return any(".." not in text.split("/") and (folder / text).is_file() for text in texts)


def _unlisted(splits: Sequence[CocoSplit]) -> list[str]:
    """A line for the images beside those of the JSON files that none lists."""
    taken = {path for one in splits for path in one.listed}
    places = dict.fromkeys(one.images for one in splits)
    there = dict.fromkeys(f / name for f in places for name in files_below(f, SUFFIXES))
    return left_out([path for path in there if path not in taken], "images in no JSON")


def settles(root: Path) -> bool:
    """A JSON beside other data is no proof."""
    return False


def nearly(root: Path) -> str:
    """A JSON of COCO's keys that lists no images or no classes; `find` tells of missing images."""
    for file in files_in(root, (".json",)):
        try:
            content = read_json(file, finite=False)
        except (OSError, ValueError):
            continue
        if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
            continue
        if not _is_boxless(content["annotations"]):
            empty = [key for key in ("images", "categories") if not content.get(key)]
            if empty:
                return f"{file.name}, which lists no {' and no '.join(empty)}; export it again"
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
    names, told = _classes(splits)
    return Found(
        root,
        "coco",
        load,
        why,
        names,
        sources,
        counts,
        tuple(remarks),
        own_classes=all(one.class_names == names for one in splits),
        of_classes=tuple(told),
    )


def _classes(splits: Sequence[CocoSplit]) -> tuple[tuple[str, ...], list[str]]:
    """(those of the split to train on, then those of which others have objects; what is told)."""
    first = min(splits, key=lambda one: _ORDER.index(one.split) if one.split in _ORDER else 9)
    names = dict.fromkeys(first.class_names)
    told = []
    for one in splits:
        beside = [name for name in one.class_names if name in one.used and name not in names]
        if beside:
            told.append(f"in {one.split} alone, so never learnt: {', '.join(beside)}")
        names |= dict.fromkeys(beside)
    others = [one.split for one in splits if one.class_names != tuple(names)]
    if others:
        where = f"not all of these, or in another order: {', '.join(others)}"
        told.insert(0, f"categories are {where}; labels follow the names")
    return tuple(names), told
