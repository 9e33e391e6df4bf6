"""What is said of a folder in which no data was found: what was looked for, and what is there."""

from __future__ import annotations

import os
from collections import Counter
from itertools import islice
from pathlib import Path

from backbones.files.json_file import read_json
from backbones.images.folders import SUFFIXES, files_below
from backbones.terminal.wording import count
from resdet.data.found import SHOWN
from resdet.data.registry import form_of
from resdet.data.splits import subfolders

LOOKED_FOR = ("coco", "yolo", "voc")  # in this order, by which several are told
DEPTH = 2  # folders in which an archive's own may lie
MOST_FOLDERS = 50  # more are no wrapping
_MOST_FILES = 10_000  # that are looked through for images that lie deeper


def nearly(root: Path, wanted: str) -> str:
    """Both sides of data in `root`, or a folder in it, which do not go together."""
    inner = subfolders(root)[:MOST_FOLDERS]
    for folder in (root, *inner, *(deeper for one in inner for deeper in subfolders(one))):
        for kind in [wanted] if wanted else LOOKED_FOR:
            if told := form_of(kind).nearly(folder):
                return f"{folder} must hold images and annotations that go together, got {told}"
    return ""


def nothing(root: Path) -> str:
    """What was looked for and seen, and what to do about it."""
    files = [path for path in root.iterdir() if path.is_file()]
    seen = Counter(path.suffix.lower() or "without suffix" for path in files)
    kinds = ", ".join(f"{number} {suffix}" for suffix, number in seen.most_common(SHOWN))
    folders = [folder.name for folder in subfolders(root)]
    if not (files or folders):
        return f"{root} must hold annotated images, got an empty folder; check the path"
    more = ", ..." if len(folders) > SHOWN else ""
    return (
        f"{root} must hold annotated images, got nothing of these:\n"
        "  VOC   *.xml and images of the same names: Annotations/ and JPEGImages/, or any folders\n"
        "  COCO  *.json with images, annotations and categories, the images in the same folder\n"
        "  YOLO  data.yaml, obj.data, or *.txt and images of the same names\n"
        f"seen: {kinds or 'no files'}; folders: {', '.join(folders[:SHOWN]) or 'none'}{more}; "
        f"{_way_out(root, files)}"
    )


def _way_out(root: Path, files: list[Path]) -> str:
    """By what is there."""
    if any(map(_is_of_labelme, files)):
        return "JSON of LabelMe is not read: convert it to COCO or VOC, which LabelMe's scripts do"
    images = list(islice(files_below(root, SUFFIXES), _MOST_FILES))
    deep = next((os.path.dirname(name) for name in images if name.count("/") > DEPTH), "")
    if deep:
        return (
            f"images lie in {deep}/, and folders are looked into {DEPTH} deep: "
            "give the folder that holds them and the annotations"
        )
    if images:
        return (
            f"{count(len(images), 'image')} and no annotations: draw boxes first, "
            "with labelImg, CVAT or another tool, or give the folder that holds both"
        )
    return "unpack archives, and give the folder that holds the annotations"


def _is_of_labelme(file: Path) -> bool:
    if file.suffix.lower() != ".json":
        return False
    try:
        content = read_json(file, finite=False)
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"shapes", "imagePath"} <= content.keys()
