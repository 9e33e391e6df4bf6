"""Where a YOLO data set keeps names, images and labels: data.yaml, obj.data, or classes.txt.

Source: ultralytics' dataset guide and its `check_det_dataset`; CVAT's "YOLO 1.1" and "Ultralytics
YOLO" formats; Roboflow's exports; LabelImg's classes.txt beside the labels.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PureWindowsPath
from typing import Any

from backbones.files.plain_yaml import parse_yaml
from backbones.images.folders import SUFFIXES, files_below
from resdet.data.found import in_no_split
from resdet.data.splits import (
    ALL,
    MADE,
    SPLITS,
    not_used,
    own_lists,
    split_name,
    subfolders,
)
from resdet.data.validate import text_lines

_NAMES = ("classes.txt", "obj.names", "_darknet.labels")
_KEYS = ("train", "trainval", "val", "valid", "validation", "test")
_IMAGES = re.compile(rf"(.*{re.escape(os.sep)})(images)({re.escape(os.sep)}.*)", re.I | re.S)
_LABELS = {"Images": "Labels", "IMAGES": "LABELS"}
_NAME_THEM = f"name them in a data.yaml, and delete {MADE} if it is there"
_LOOKED_AT = 200  # images without a label, after which a folder is taken to have none


@dataclass(frozen=True)
class YoloFolder:
    """One YOLO data set: the images of each split, absolute; `told_by` is the file that says so.

    `keypoints`: a line goes on after its box. No `class_names`: no file tells them. `remarks`:
    what was passed over.
    """

    root: Path
    told_by: str
    class_names: tuple[str, ...]
    splits: dict[str, tuple[Path, ...]]
    keypoints: bool = False
    remarks: tuple[str, ...] = ()


def open_yolo(root: Path) -> YoloFolder | None:
    """What the files of `root` tell, and the lists that we made; None where it is no YOLO data.

    Raises: ValueError for a file that is none of its form, or leads to no image in `root`.
    """
    found = _by_yaml(root) or _by_darknet(root) or _by_looking(root)
    if found is None:
        return None
    made = {file.stem: _from_list(file, root, root) for file in sorted((root / MADE).glob("*.txt"))}
    return replace(found, splits={**found.splits, **made})


def label_file(image: Path) -> Path:
    """Of .../images/a.jpg .../labels/a.txt where that is there, else the file beside the image.

    Images/, Labels/ and A.TXT are names as well.
    """
    beside = image.with_suffix(".txt")
    found = [beside]
    if match := _IMAGES.fullmatch(str(image)):
        before, folder, after = match.groups()
        names = dict.fromkeys((_LABELS.get(folder, "labels"), "labels"))
        apart = [Path(f"{before}{name}{after}").with_suffix(".txt") for name in names]
        found = [*apart, beside]
    capitals = (file.with_suffix(".TXT") for file in found)
    return next((file for file in (*found, *capitals) if file.is_file()), found[0])


def labels_alone(folder: YoloFolder) -> list[Path]:
    """The labels beside those of images that are of none."""
    taken = {label_file(image) for images in folder.splits.values() for image in images}
    places = sorted({label.parent for label in taken})
    beside = (file for place in places for file in sorted(place.glob("*.txt")))
    return [file for file in beside if file not in taken and is_label(file)]


def yaml_of(root: Path) -> Path | None:
    """The file in `root` that tells a YOLO data set; several must be told apart by the user.

    Raises: ValueError where several do.
    """
    files = sorted([*root.glob("*.yaml"), *root.glob("*.yml")])
    telling = [
        file for file in files if {*_KEYS} & {*(c := _read(file))} and {"names", "nc"} & {*c}
    ]
    if len(telling) > 1 and root / "data.yaml" not in telling:
        raise ValueError(
            f"{root} must hold one file that tells its data, got "
            f"{', '.join(file.name for file in telling)}; call the one to take data.yaml"
        )
    return None if not telling else max(telling, key=lambda file: file.name == "data.yaml")


def _read(file: Path) -> dict[str, Any]:
    """Every scalar as it is written: YAML takes a class called `no` for False."""
    try:
        content = parse_yaml(file.read_text(encoding="utf-8-sig"), typed=False)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _by_yaml(root: Path) -> YoloFolder | None:
    file = yaml_of(root)
    if file is None:
        return None
    content = _read(file)
    path = content.get("path")
    base = _folder(root, path if isinstance(path, str) else "")
    splits: dict[str, tuple[Path, ...]] = {}
    remarks: tuple[str, ...] = ()
    for key in _KEYS:
        told = content.get(key)
        listed = told if isinstance(told, list) else [told]
        entries = [str(entry) for entry in listed if isinstance(entry, str) and entry]
        places = [_existing(_candidates(entry, (base, root)), root) for entry in entries]
        if key == "test" and entries and places == [None]:
            remarks = (f"passed over: test of {file.name}, {entries[0]}, which is not there",)
        elif entries:
            paths = [image for entry in entries for image in _images(file, key, entry, base)]
            splits[split_name(key)] = tuple(dict.fromkeys(paths))
    names = _names(file, content)
    return YoloFolder(root, file.name, names, splits, "kpt_shape" in content, remarks)


def _names(file: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Of a list, or of {number: name}; without names those that ultralytics gives."""
    names, count = content.get("names"), str(content.get("nc", ""))
    if isinstance(names, dict):
        numbers = [str(number) for number in names]
        if sorted(numbers, key=lambda n: n.zfill(9)) != [str(n) for n in range(len(names))]:
            raise ValueError(
                f"{file}: names must be numbered from 0 without a gap, got {', '.join(numbers)}"
            )
        names = [names[number] for number in sorted(names, key=int)]
    if names is None and count.isdigit():
        return tuple(f"class_{number}" for number in range(int(count)))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"{file}: names must be a list of class names, or `number: name` lines; "
            "write them as data.yaml has them"
        )
    if count.isdigit() and int(count) != len(names):
        raise ValueError(
            f"{file}: nc must be {len(names)}, the names that it lists, got {count}; mend one"
        )
    return tuple(names)


def _folder(root: Path, path: str) -> Path:
    """What `path:` names, where that lies in the data; a moved data set still says the old one."""
    folder = root / path
    return folder if _is_inside(folder, root) and folder.is_dir() else root


def _images(file: Path, key: str, entry: str, base: Path) -> list[Path]:
    """The images of a folder, of a list, or one image, whatever a split names.

    Roboflow writes ../train/images for what lies in train/images, as it is for ultralytics.
    """
    root = file.parent
    place = _existing(_candidates(entry, (base, root)), root)
    if place is None:
        tried = ", ".join(dict.fromkeys(str(path) for path in _candidates(entry, (base, root))))
        raise ValueError(
            f"{file}: {key} must name a folder or a list of images in {root}, got {entry!r}; "
            f"looked for {tried}; put the images there, or take the line out"
        )
    if place.is_dir():
        return [place / name for name in files_below(place, SUFFIXES)]
    return list(_from_list(place, base, root)) if place.suffix == ".txt" else [place]


def _candidates(entry: str, bases: Iterable[Path]) -> list[Path]:
    """Relative to each base, then without ../ before it, then without its first folder, where
    that names no split.

    Of an absolute path, which is one of the machine that wrote it, any end will do, the longest
    first.
    """
    plain = entry.replace("\\", "/")
    bare = plain
    while bare.startswith(("../", "./")):
        bare = bare.partition("/")[2]
    first, _, inner = bare.partition("/")
    texts = [plain, bare] + ([] if split_name(first) in SPLITS else [inner])
    if PureWindowsPath(entry).anchor:
        parts = plain.split("/")
        texts += ["/".join(parts[at:]) for at in range(1, len(parts))]
    paths = (base / text for text in dict.fromkeys(texts) if text for base in bases)
    return [Path(os.path.normpath(path)) for path in paths]


def _existing(candidates: Iterable[Path], root: Path) -> Path | None:
    return next((path for path in candidates if _is_inside(path, root) and path.exists()), None)


def _is_inside(path: Path, root: Path) -> bool:
    """Whether the name leads nowhere else; links inside the data are the user's own."""
    outer, inner = os.path.abspath(root), os.path.abspath(path)
    return inner == outer or inner.startswith(os.path.join(outer, ""))


def _from_list(file: Path, base: Path, root: Path) -> tuple[Path, ...]:
    """The images that a list names, as they were found.

    Raises: ValueError naming the first that is not there.
    """
    found = []
    for line in text_lines(file):
        path = _existing(_candidates(line, (base, file.parent, root)), root)
        if path is None:
            raise ValueError(
                f"{file} must list images in {root}, got {line!r}; add the image or drop the line"
            )
        found.append(path)
    return tuple(dict.fromkeys(found))


def _by_darknet(root: Path) -> YoloFolder | None:
    """CVAT's and darknet's obj.data: `train = data/train.txt`, `names = data/obj.names`."""
    file = root / "obj.data"
    if not file.is_file():
        return None
    content = {
        key.strip(): value.strip()
        for key, mark, value in (line.partition("=") for line in text_lines(file))
        if mark
    }
    named = _existing(_candidates(content.get("names", "obj.names"), (root,)), root)
    splits = {
        split_name(key): tuple(_images(file, key, content[key], root))
        for key in _KEYS
        if content.get(key)
    }
    return YoloFolder(root, file.name, tuple(text_lines(named)) if named else (), splits)


def _by_looking(root: Path) -> YoloFolder | None:
    """Images with labels in folders of any names; the splits are those that folders are named for.

    A file of class names is enough, or labels in numbers. A folder inside that tells its own data
    is another data set.
    """
    names = files_below(root, SUFFIXES) if root.is_dir() else iter(())
    first = list(islice(names, _LOOKED_AT))
    if not any(is_label(label_file(root / name)) for name in first):
        return None
    folders = [root, *subfolders(root), *(f for up in subfolders(root) for f in subfolders(up))]
    if any((folder / "obj.data").is_file() or yaml_of(folder) for folder in folders):
        return None
    files = [folder / name for folder in folders for name in _NAMES]
    named = next((file for file in files if file.is_file()), None)
    images = [root / name for name in (*first, *names)]
    splits: dict[str, list[Path]] = {}
    for image in images:
        splits.setdefault(_split_of(image.relative_to(root).parts[:-1]), []).append(image)
    if len(splits) == 2 and any(label_file(image).is_file() for image in splits.get(ALL, ())):
        splits = {ALL: images}  # one folder is called as a split is, by chance
    told_by = str(named.relative_to(root)) if named else "labels beside images"
    classes = tuple(text_lines(named)) if named else ()
    lists, inner = own_lists(root), {name: tuple(paths) for name, paths in splits.items()}
    listed = _as_listed(lists, root, images) if {*inner} == {ALL} else {}
    if not listed:
        remarks = tuple(not_used(lists, _NAME_THEM))
        return YoloFolder(root, told_by, classes, inner, remarks=remarks)
    remarks = (f"splits by your {', '.join(file.name for file in lists)}",)
    if left := len(images) - sum(map(len, listed.values())):
        remarks += (in_no_split(left, None),)
    return YoloFolder(root, told_by, classes, listed, remarks=remarks)


def _as_listed(
    lists: Sequence[Path], root: Path, images: Sequence[Path]
) -> dict[str, tuple[Path, ...]]:
    """The splits of train.txt and others, where each line names an image, and none twice.

    Lists that we made go before.
    """
    known = {os.path.normpath(image): image for image in images}
    try:
        found = {file.stem: _from_list(file, root, root) for file in lists}
        splits = {split: tuple(known[str(path)] for path in found[split]) for split in found}
    except (ValueError, KeyError):
        return {}
    named = [image for paths in splits.values() for image in paths]
    sound = "train" in splits and len(splits) > 1 and len({*named}) == len(named)
    return splits if sound and not (root / MADE).is_dir() else {}


def _split_of(folders: Sequence[str]) -> str:
    names = [split_name(name) for name in folders]
    return next((name for name in names if name in SPLITS), ALL)


def is_label(file: Path) -> bool:
    """Whether the first line is a class and at least four fractions."""
    try:
        with open(file, encoding="utf-8-sig") as lines:
            words = lines.readline(4096).split()
        numbers = [float(word) for word in words]
    except (OSError, ValueError):
        return False
    return len(numbers) >= 5 and numbers[0] >= 0 and all(-0.01 <= n <= 1.01 for n in numbers[1:])
