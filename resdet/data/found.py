"""A data set that was found in a folder: its form, classes, splits."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from resdet.data.source import Source
from resdet.data.splits import ALL, SPLITS
from resdet.structures.corners import AUTO, SAID, Corners
from resdet.structures.records import Dataset

UNSPLIT = (ALL, "default")  # CVAT calls its only split so
SHOWN = 8  # class names and entries that a line tells
_CALLED = {"labelme": "LabelMe"}


class Load(Protocol):
    """What reads a split."""

    def __call__(
        self,
        source: Source,
        *,
        class_names: Sequence[str] = (),
        name: str = "",
        images: bool = True,
    ) -> Dataset:
        """The data of a source with absolute paths.

        Without `images` the pictures need not be there, where the form can do without.
        Raises: ValueError listing every fault.
        """


@dataclass(frozen=True)
class Found:
    """One data set: `splits` are relative to `root`; `counts` of images.

    `why` names the files that told the form, `read` reads it. `own_classes`: files of the data
    name its classes, and no config need do so. `said`: those that the user says instead.
    `corners`: how VOC's files count. `lost`: remarks that each reading of a split makes as well;
    `of_classes`: remarks on names that the user does not say. `guessed`: by names alone, so that
    other data goes before. `unlabelled`: splits whose objects are not known. `given`: the folder
    that was given, where `root` is a link in it that leads out: splits are kept there.
    """

    root: Path
    kind: str
    read: Load
    why: str
    class_names: tuple[str, ...]
    splits: dict[str, Source]
    counts: dict[str, int]
    remarks: tuple[str, ...] = ()
    own_classes: bool = True
    said: tuple[str, ...] = ()
    corners: Corners | None = None
    lost: tuple[str, ...] = ()
    of_classes: tuple[str, ...] = ()
    guessed: bool = False
    unlabelled: tuple[str, ...] = ()
    given: Path | None = None

    @property
    def form(self) -> str:
        """Its kind as it is told: VOC, COCO, YOLO, CVAT, LabelMe."""
        return form_name(self.kind)

    def source(self, split: str) -> Source:
        """Where a split lies, with absolute paths.

        Raises: ValueError if there is no such split.
        """
        if split not in self.splits:
            raise ValueError(
                f"split of {self.root} must be one of {', '.join(self.splits)}, got {split!r}"
            )
        return self.splits[split].below(self.root)

    def load(self, split: str, *, images: bool = True) -> Dataset:
        """The data of a split; without `images`, VOC's pictures are not looked for.

        Raises: ValueError if there is no such split, or its data is faulty.
        """
        names = () if self.own_classes else self.class_names
        return self.read(self.source(split), class_names=names, images=images)

    def called(self, class_names: Sequence[str]) -> Found:
        """With the classes that the user says, where any are said.

        Raises: ValueError where the data names others itself.
        """
        names = tuple(class_names)
        if self.own_classes and names not in ((), self.class_names):
            raise ValueError(
                f"class names of {self.root} must be {', '.join(self.class_names)}, "
                f"got {', '.join(names)}; its files name them: leave --classes out"
            )
        return replace(self, class_names=names, said=names, of_classes=()) if names else self

    def counted(self, way: str, by: str = SAID) -> Found:
        """With the corners of VOC's files counted in one way; AUTO: as they are judged.

        Raises: ValueError where the data is no VOC.
        """
        if way == AUTO:
            return self
        if self.kind != "voc":
            raise ValueError(
                f"--voc-corners goes with VOC, got {self.form} in {self.root}; leave it out"
            )
        splits = {name: replace(source, corners=way) for name, source in self.splits.items()}
        told = self.corners.overruled(way, by) if self.corners else Corners(way, f", {by}")
        return replace(self, corners=told, splits=splits)

    def as_kept(self, way: str, by: str) -> Found:
        """Counted as before, where the files would be judged otherwise; AUTO: they were judged."""
        differs = self.corners is not None and self.corners.way != way
        return self.counted(way, by) if differs else self

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
        """The split to measure on: `test`, else `val`, else all there is, if its objects are known.

        Raises: ValueError where the splits have other names.
        """
        for name in ("test", "val", *UNSPLIT, "trainval", "train"):
            if name in self.splits and name not in self.unlabelled:
                return name
        raise ValueError(
            f"--split must be given for {self.root}, whose splits are {', '.join(self.splits)}"
        )

    @property
    def to_divide(self) -> str | None:
        """The split to divide where there is nothing to measure on."""
        for name in (*UNSPLIT, "train", "trainval"):
            if name in self.splits:
                return name
        return next(iter(self.splits)) if len(self.splits) == 1 else None

    def lines(self, *, reading: bool = False) -> list[str]:
        """What was found, in aligned lines; `reading`: without what reading its splits tells."""
        names = ", ".join(self.class_names[:SHOWN])
        more = ", ..." if len(self.class_names) > SHOWN else ""
        rows = [
            ("data", f"{self.root}: {self.form}, found in {self.why}"),
            ("classes", f"{len(self.class_names)}: {names}{more}"),
            *(("", text) for text in self.of_classes),
            ("splits", ", ".join(f"{name} {self.counts[name]}" for name in self.ordered())),
            *([("corners", str(self.corners))] if self.corners else []),
        ]
        told = self.remarks if reading else self.lost + self.remarks
        return [f"{key:<8} {text}" for key, text in rows + [("", text) for text in told]]

    def ordered(self) -> list[str]:
        """The splits: train, trainval, val, test, others."""
        return sorted(self.splits, key=lambda s: (SPLITS.index(s) if s in SPLITS else 9, s))

    def key_values(self, *, training: bool) -> list[str]:
        """What a config must say to train on it, or to measure, as KEY VALUE."""
        train, test = (self.to_train, self.to_watch) if training else (None, self.to_measure)
        pairs = {
            "DATASETS.ROOT": str(self.root),
            "DATASETS.TRAIN": [str(self.splits[train])] if train else [],
            "DATASETS.TEST": [str(self.splits[test])] if test else [],
            "DATASETS.CLASSES": [] if self.own_classes else list(self.class_names),
            "DATASETS.VOC_CORNERS": next(iter(self.splits.values())).corners,
            "MODEL.ROI_HEADS.NUM_CLASSES": len(self.class_names),
        }
        return [text for key, value in pairs.items() for text in (key, json.dumps(value))]


def form_name(kind: str) -> str:
    """Of a form, as its makers write it."""
    return _CALLED.get(kind, kind.upper())


def of_folders(stems: Iterable[str]) -> str:
    """The folders that images lie in, by names with them; "" for one alone."""
    folders = sorted({os.path.dirname(stem) or "." for stem in stems})
    if len(folders) < 2:
        return ""
    more = ", ..." if len(folders) > SHOWN else ""
    return f" in {len(folders)} folders: {', '.join(folders[:SHOWN])}{more}"


def in_no_split(count: int, made: Path | None) -> str:
    """`made`: the lists that we made, where there are any."""
    way_out = "list them" + (f", or delete {made} to split anew" if made else " to use them")
    return f"annotated images in no split: {count}; {way_out}"
