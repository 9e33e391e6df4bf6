"""The shapes as ImageNet lays out its tasks DET and CLS-LOC, with a devkit of their own.

Source: readme.txt of the ILSVRC2015 devkit, sections 2.1, 2.2, 3.1 and 3.2.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from backbones.files.atomic import copy_inside, write_inside
from resdet.data.shapes.draw import SHAPE_CLASSES
from resdet.data.voc.reader import load_voc
from resdet.structures.boxes import to_voc
from resdet.structures.records import GroundTruth, ImageRecord

WORDNET_IDS = tuple(f"n9000000{number}" for number in range(1, len(SHAPE_CLASSES) + 1))  # of none
_SPLITS = {"train": ("train",), "val": ("val", "test")}
_CORNERS = {"DET": ("xmin", "xmax", "ymin", "ymax"), "CLS-LOC": ("xmin", "ymin", "xmax", "ymax")}
_ORDER = ("xmin", "ymin", "xmax", "ymax")


def write_imagenet(shapes: Path, root: Path) -> None:
    """Fills `root` with the trees of both tasks: train, and val of all that is not to train on.

    In CLS-LOC an image is of the class of its largest object, and the others have no box.
    """
    for split, parts in _SPLITS.items():
        records = [r for part in parts for r in load_voc(shapes, part).records]
        _write_det(root, split, records)
        _write_localisation(root, split, records)
    lines = [f"{wnid} {n} {name}" for n, (wnid, name) in enumerate(_named(), start=1)]
    for name in ("map_det.txt", "map_clsloc.txt"):
        _write_lines(root / "devkit" / "data" / name, lines)


def _named() -> list[tuple[str, str]]:
    return list(zip(WORDNET_IDS, SHAPE_CLASSES, strict=True))


def _write_det(root: Path, split: str, records: Sequence[ImageRecord]) -> None:
    lists: dict[str, list[str]] = {}
    for number, record in enumerate(records, start=1):
        truth = _truth(record)
        wnids = sorted({WORDNET_IDS[label] for label in truth.labels.tolist()})
        stem = f"ILSVRC2013_val_{number:08d}"
        if split == "train":
            folder = f"ILSVRC2013_train/{wnids[0]}" if wnids else "ILSVRC2013_train_extra0"
            stem = f"{folder}/{wnids[0] if wnids else 'ILSVRC2013_train'}_{number:08d}"
            for at, wnid in enumerate(WORDNET_IDS, start=1):
                flag = 1 if wnid in wnids else -1
                lists.setdefault(f"train_{at}", []).append(f"{stem} {flag}")
        else:
            lists.setdefault("val", []).append(f"{stem} {number}")
        told = truth if wnids or split == "val" else None
        _write_image(root, "DET", f"{split}/{stem}", record, told)
    _write_lists(root, "DET", lists)


def _write_localisation(root: Path, split: str, records: Sequence[ImageRecord]) -> None:
    lines: list[str] = []
    for record in records:
        truth = _truth(record)
        if not len(truth):
            continue
        sides = truth.boxes[:, 2:] - truth.boxes[:, :2]
        label = int(truth.labels[np.argmax(sides[:, 0] * sides[:, 1])])
        own = truth.labels == label
        wnid, number = WORDNET_IDS[label], len(lines) + 1
        stem = f"{wnid}/{wnid}_{number}" if split == "train" else f"ILSVRC2012_val_{number:08d}"
        lines.append(f"{stem} {number}")
        only = GroundTruth(truth.boxes[own], truth.labels[own])
        _write_image(root, "CLS-LOC", f"{split}/{stem}", record, only)
    names = ("train_cls", "train_loc") if split == "train" else ("val",)
    _write_lists(root, "CLS-LOC", dict.fromkeys(names, lines))


def _truth(record: ImageRecord) -> GroundTruth:
    assert record.ground_truth is not None  # shapes are annotated
    return record.ground_truth


def _write_image(
    root: Path, task: str, stem: str, record: ImageRecord, truth: GroundTruth | None
) -> None:
    copy_inside(record.path, root / "Data" / task / f"{stem}.JPEG")
    if truth is None:
        return
    tree = ET.Element("annotation")
    folder, name = stem.split("/")[-2:]
    _put(tree, folder=folder, filename=name)
    _put(ET.SubElement(tree, "source"), database="resdet synthetic shapes")
    size = ET.SubElement(tree, "size")
    _put(size, width=record.width, height=record.height)
    if task == "CLS-LOC":
        _put(size, depth=3)
        _put(tree, segmented=0)
    for label, corners in zip(truth.labels, to_voc(truth.boxes, "0-continuous"), strict=True):
        thing = ET.SubElement(tree, "object")
        _put(thing, name=WORDNET_IDS[label])
        if task == "CLS-LOC":
            _put(thing, pose="Unspecified", truncated=0, difficult=0)
        written = dict(zip(_ORDER, (round(v) for v in corners.tolist()), strict=True))
        _put(ET.SubElement(thing, "bndbox"), **{tag: written[tag] for tag in _CORNERS[task]})
    ET.indent(tree, "\t")
    write_inside(root / "Annotations" / task / f"{stem}.xml", ET.tostring(tree))


def _put(parent: ET.Element, **texts: object) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = str(text)


def _write_lists(root: Path, task: str, lists: Mapping[str, Sequence[str]]) -> None:
    for name, lines in lists.items():
        _write_lines(root / "ImageSets" / task / f"{name}.txt", lines)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    write_inside(path, "".join(f"{line}\n" for line in lines))
