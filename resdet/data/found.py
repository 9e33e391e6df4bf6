"""A data set that was found: its form, classes, splits and how they load."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from resdet.data.catalog import load_dataset
from resdet.data.splits import (
    ALL,
    SPLITS,
)
from resdet.structures.records import Dataset

Form = Literal["VOC", "COCO", "YOLO"]


UNSPLIT = (ALL, "default")  # CVAT calls its only split so


SHOWN = 8  # class names and entries that a line tells


@dataclass(frozen=True)
class Found:
    """One data set: `splits` are names for `load_dataset`, relative to `root`; `counts` of images.

    `why` names the files that told the form.
    """

    root: Path
    form: Form
    why: str
    class_names: tuple[str, ...]
    splits: dict[str, str]
    counts: dict[str, int]
    remarks: tuple[str, ...] = field(default=())

    def load(self, split: str, *, images: bool = True) -> Dataset:
        """The data of a split; without `images`, VOC's pictures are not looked for.

        Raises: ValueError if there is no such split, or its data is faulty.
        """
        if split not in self.splits:
            raise ValueError(
                f"split of {self.root} must be one of {', '.join(self.splits)}, got {split!r}"
            )
        return load_dataset(self.splits[split], self.root, images=images)

    @property
    def to_train(self) -> str | None:
        """The split to train on, where there is one."""
        if {"trainval", "test"} <= self.splits.keys():
            return "trainval"
        return next((name for name in ("train", "trainval") if name in self.splits), None)

    @property
    def to_watch(self) -> str | None:
        """The split to measure on while training: `val`, or else `test`."""
        names = ("test",) if self.to_train == "trainval" else ("val", "test")
        return next((name for name in names if name in self.splits), None)

    @property
    def to_measure(self) -> str:
        """The split to measure on: `test`, else `val`, else all there is.

        Raises: ValueError where the splits have other names.
        """
        for name in ("test", "val", *UNSPLIT, "trainval", "train"):
            if name in self.splits:
                return name
        raise ValueError(
            f"--split must be given for {self.root}, whose splits are {', '.join(self.splits)}"
        )

    def lines(self) -> list[str]:
        """What was found, in aligned lines."""
        names = ", ".join(self.class_names[:SHOWN])
        more = ", ..." if len(self.class_names) > SHOWN else ""
        rows = [
            ("data", f"{self.root}: {self.form}, told by {self.why}"),
            ("classes", f"{len(self.class_names)}: {names}{more}"),
            ("splits", ", ".join(f"{name} {self.counts[name]}" for name in self.ordered())),
        ]
        return [f"{key:<8} {text}" for key, text in rows + [("", text) for text in self.remarks]]

    def ordered(self) -> list[str]:
        """The splits: train, trainval, val, test, others."""
        return sorted(self.splits, key=lambda s: (SPLITS.index(s) if s in SPLITS else 9, s))

    def key_values(self, *, training: bool) -> list[str]:
        """What a config must say to train on it, or to measure, as KEY VALUE."""
        train, test = (self.to_train, self.to_watch) if training else (None, self.to_measure)
        pairs = {
            "DATASETS.ROOT": str(self.root),
            "DATASETS.TRAIN": [self.splits[train]] if train else [],
            "DATASETS.TEST": [self.splits[test]] if test else [],
            "DATASETS.CLASSES": list(self.class_names) if self.form == "VOC" else [],
            "MODEL.ROI_HEADS.NUM_CLASSES": len(self.class_names),
        }
        return [text for key, value in pairs.items() for text in (key, json.dumps(value))]


def in_no_split(count: int, made: Path | None) -> str:
    """`made`: the lists that we made, where there are any."""
    way_out = "list them" + (f", or delete {made} to split anew" if made else " to use them")
    return f"annotated images in no split: {count}; {way_out}"


def _told(root: Path, folder: Path, *inner: str) -> str:
    return "/".join(part for part in (*folder.relative_to(root).parts, *inner) if part) or "."
