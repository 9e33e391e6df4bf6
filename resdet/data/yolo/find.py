"""YOLO data found in a folder."""

from __future__ import annotations

from pathlib import Path

from resdet.data.found import Found
from resdet.data.yolo.folder import open_yolo
from resdet.data.yolo.reader import numbered_classes


def _yolo(root: Path) -> Found | None:
    folder = open_yolo(root)
    if folder is None or not folder.splits:
        return None
    remarks = folder.remarks
    if not folder.class_names:
        remarks += ("no file names the classes: they are called by number",)
    classes = folder.class_names or numbered_classes(folder)
    names = {split: f"yolo:.:{split}" for split in folder.splits}
    counts = {split: len(images) for split, images in folder.splits.items()}
    return Found(root, "YOLO", folder.told_by, classes, names, counts, remarks)
