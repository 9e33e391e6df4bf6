"""YOLO data found in a folder."""

from __future__ import annotations

from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.found import Found, of_folders
from resdet.data.source import Source
from resdet.data.validate import OF_ONE_NAME, Ways, apart, counted
from resdet.data.yolo.folder import YoloFolder, is_label, open_yolo
from resdet.data.yolo.reader import lost_labels, numbered_classes
from resdet.data.yolo.source import load

_WAYS = Ways(
    "give each label the name of its image",
    "YOLO needs images/ and labels/, or labels beside images: rename the folders",
)


def settles(root: Path) -> bool:
    """Text files beside other data are no proof."""
    return False


def _shared(folder: YoloFolder) -> list[Path]:
    """Images whose label file is that of one before them."""
    first: dict[Path, Path] = {}
    images = dict.fromkeys(image for images in folder.splits.values() for image in images)
    return [image for image in images if first.setdefault(folder.label_of(image), image) != image]


def nearly(root: Path) -> str:
    """Labels and images of which no names match."""
    labels = [root / name for name in files_below(root, (".txt",)) if is_label(root / name)]
    images = [root / name for name in files_below(root, SUFFIXES)] if labels else []
    return apart("labels", labels, images, root, _WAYS)


def find(root: Path) -> Found | None:
    """What data.yaml, obj.data or the labels in `root` tell.

    Raises: ValueError for a file that is none of its form, or leads to no image in `root`.
    """
    folder = open_yolo(root)
    if folder is None or not folder.splits:
        return None
    remarks = folder.remarks
    by_number = "no file names the classes: they are called by number; --classes cat,dog names them"
    labelled = (images for split, images in folder.splits.items() if split != "test")
    images = dict.fromkeys(image for images in labelled for image in images)
    bare = [image for image in images if not folder.label_of(image).is_file()]
    if bare:
        remarks += (f"images without a label file, taken as background: {counted(bare)}",)
    if shared := _shared(folder):
        remarks += (f"{OF_ONE_NAME}, which share its labels: {counted(shared)}",)
    classes = folder.class_names or numbered_classes(folder)
    sources = {split: Source("yolo", Path(), split) for split in folder.splits}
    counts = {split: len(images) for split, images in folder.splits.items()}
    own = bool(folder.class_names)
    every = (str(p.relative_to(root)) for images in folder.splits.values() for p in images)
    return Found(
        root,
        "yolo",
        load,
        folder.told_by + of_folders(every),
        classes,
        sources,
        counts,
        remarks,
        own,
        lost=tuple(lost_labels(folder)),
        of_classes=() if own else (by_number,),
        guessed=bool(folder.labels),
    )
