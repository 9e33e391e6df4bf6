"""What is said of a folder in which no data was found: what was looked for, and what is there."""

from __future__ import annotations

import os
from collections import Counter
from itertools import islice
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from backbones.terminal.wording import count
from resdet.data.found import SHOWN
from resdet.data.other_forms import may_annotate, other_forms
from resdet.data.registry import form_of
from resdet.data.splits import MADE, subfolders

LOOKED_FOR = ("coco", "yolo", "voc")  # in this order, by which several are told
OF_TOOLS = ("cvat", "labelme")  # looked for where none of these is: what they are exported from
DEPTH = 2  # folders in which an archive's own may lie
MOST_FOLDERS = 50  # more are no wrapping
_MOST_FILES = 10_000  # that are looked through for images that lie deeper
_LABELS = (".txt", ".xml", ".json", ".csv")
_FEW = 10  # of so many images one with a text file of its name is no chance


class NoDataError(ValueError):
    """Nothing in a folder is an annotation: it may be images to classify."""


def annotated_folders(root: Path) -> frozenset[Path] | None:
    """The folders, of `root` and those in it, below which a file may be an annotation.

    None where that is not known: a link leads to a folder, which is not walked.
    """
    found: set[Path] = set()
    for folder, inner, names in os.walk(root):
        if any(os.path.islink(os.path.join(folder, name)) for name in inner):
            return None
        if any(may_annotate(name) for name in names):
            place = Path(folder)
            while place not in found and place.is_relative_to(root):
                found.add(place)
                place = place.parent
    return frozenset(found)


def unread(root: Path, wanted: str, held: frozenset[Path] | None) -> str:
    """What is said of annotations in `root` that cannot be read; "" where nothing is one.

    `held`: the folders to look into, None for all.
    """
    if told := nearly(root, wanted, held) or of_others(root):
        return told
    own = _paired(root)
    deep = own and min(name.count("/") for name in own) > DEPTH
    return nothing(root) if deep else _not_read(root, _told_of_pairs(root, own))


def of_others(root: Path) -> str:
    """What is said of files in a form that is not read, such as a tool's own."""
    return _not_read(root, other_forms(root))


def _not_read(root: Path, told: str) -> str:
    return f"{root} must hold annotations in a form that is read, got {told}" if told else ""


def nearly(root: Path, wanted: str, held: frozenset[Path] | None) -> str:
    """Both sides of data in `root`, or a folder in it, which do not go together."""
    inner = subfolders(root)[:MOST_FOLDERS]
    for folder in (root, *inner, *(deeper for one in inner for deeper in subfolders(one))):
        if held is not None and folder not in held:
            continue
        for kind in [wanted] if wanted else (*LOOKED_FOR, *OF_TOOLS):
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
        '  CVAT  "CVAT for images 1.1": annotations.xml and its images\n'
        "  LabelMe  *.json and images of the same names\n"
        f"seen: {kinds or 'no files outside folders'}; "
        f"folders: {', '.join(folders[:SHOWN]) or 'none'}{more}; {_way_out(root)}"
    )


def _way_out(root: Path) -> str:
    """By what is there."""
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


def _paired(root: Path) -> list[str]:
    """Files that bear the names of images and are of no form at all."""
    images = list(files_below(root, SUFFIXES))
    names = {os.path.basename(image) for image in images}
    names |= {os.path.splitext(name)[0] for name in names}
    files = [f for f in files_below(root, _LABELS) if not f.startswith(f"{MADE}/")]
    own = [file for file in files if os.path.splitext(os.path.basename(file))[0] in names]
    return own if len(own) * _FEW >= len(images) else []


def _told_of_pairs(root: Path, names: list[str]) -> str:
    if not names:
        return ""
    first, line = _first_line(root, names)
    return (
        f"{count(len(names), 'file')} with the names of images, none of a form that is known: "
        f"{first} begins with {line!r:.80}; export VOC, COCO or YOLO, or move them out of a "
        "folder of classes"
    )


def _first_line(root: Path, names: list[str]) -> tuple[str, str]:
    """Of the first file that is not empty: its name, its first words."""
    for name in names:
        with open(root / name, encoding="utf-8-sig", errors="replace") as lines:
            if line := lines.readline(200).strip():
                return name, line
    return names[0], ""
