"""YOLO data found in a folder."""

from __future__ import annotations

from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.found import Found
from resdet.data.source import Source
from resdet.data.validate import apart, counted
from resdet.data.yolo.folder import is_label, label_file, open_yolo
from resdet.data.yolo.reader import lost_labels, numbered_classes
from resdet.data.yolo.source import load


def settles(root: Path) -> bool:
    """Text files beside other data are no proof."""
    return False


def nearly(root: Path) -> str:
    """Labels and images of which no names match."""
    labels = [root / name for name in files_below(root, (".txt",)) if is_label(root / name)]
    return apart("labels", labels, [root / name for name in files_below(root, SUFFIXES)])


def find(root: Path) -> Found | None:
    """What data.yaml, obj.data or the labels in `root` tell.

    Raises: ValueError for a file that is none of its form, or leads to no image in `root`.
    """
    folder = open_yolo(root)
    if folder is None or not folder.splits:
        return None
    remarks = folder.remarks
    if not folder.class_names:
        remarks += ("no file names the classes: they are called by number",)
    remarks += tuple(lost_labels(folder))
    labelled = (images for split, images in folder.splits.items() if split != "test")
    images = dict.fromkeys(image for images in labelled for image in images)
    bare = [image for image in images if not label_file(image).is_file()]
    if bare:
        remarks += (f"images without a label file, taken as background: {counted(bare)}",)
    classes = folder.class_names or numbered_classes(folder)
    sources = {split: Source("yolo", Path(), split) for split in folder.splits}
    counts = {split: len(images) for split, images in folder.splits.items()}
    own = bool(folder.class_names)
    return Found(root, "yolo", load, folder.told_by, classes, sources, counts, remarks, own)
