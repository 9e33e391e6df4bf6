"""Data in a tool's own files, which are read whole: what they say of every image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backbones.images.heads import inspect_heads
from backbones.terminal.wording import nearest_first
from resdet.data.found import Found, form_name, of_folders
from resdet.data.image_ids import image_ids
from resdet.data.source import Source
from resdet.data.splits import ALL, SPLITS, split_name
from resdet.data.turned import ATTRIBUTE, warn_turned
from resdet.data.validate import Faults, check_names, left_out, text_lines, warn_thin
from resdet.data.writing import Details
from resdet.structures import boxes as box
from resdet.structures.records import Dataset, GroundTruth, ImageRecord

DIFFICULT = "difficult"  # the attribute, or flag, that tools write as VOC's


@dataclass(frozen=True)
class Thing:
    """One object: its box as it was drawn, around a polygon or mask where `shape` says so.

    `angle`: by how many degrees it is turned about its centre, clockwise.
    Unit: box is xyxy in pixels, continuous, 0-based, near corner first.
    """

    name: str
    box: tuple[float, float, float, float]
    shape: bool = False
    angle: float = 0.0
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Annotated:
    """One image; `place` names its annotation in messages, size is (height, width) as it says."""

    place: str
    path: Path
    size: tuple[int, int] | None
    things: list[Thing]

    @property
    def boxes(self) -> box.FloatArray:
        """Shape: (N, 4)."""
        return np.array([thing.box for thing in self.things], np.float64).reshape(-1, 4)

    @property
    def difficult(self) -> list[bool]:
        """Of each object."""
        return [thing.attributes.get(DIFFICULT) is True for thing in self.things]


@dataclass(frozen=True)
class Annotations:
    """All that the files of a tool say: the images of each split, in their order.

    `why`: what told the form. `listed`: the file that lists the classes, or "". `faults`: what
    cannot be read. `areas`, `passed`: how many objects of which shape are taken by the boxes around
    them, and have none. `alone`: annotations without an image; `bare`: images without one.
    """

    root: Path
    kind: str
    why: str
    class_names: tuple[str, ...]
    listed: str
    splits: Mapping[str, Sequence[Annotated]]
    faults: tuple[str, ...] = ()
    areas: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    alone: tuple[Path, ...] = ()
    bare: tuple[Path, ...] = ()

    def lost(self) -> list[str]:
        """What reading leaves out, or takes by the box around it, a line each."""
        lines = [f"{AROUND}: {told_of_shapes(self.areas)}"] if self.areas else []
        lines += [f"{WITHOUT_BOX}: {told_of_shapes(self.passed)}"] if self.passed else []
        lines += left_out(self.alone, "annotations without an image")
        return lines + left_out(self.bare, "images without annotation")


AROUND = "objects that are no boxes, taken by the boxes around them"
WITHOUT_BOX = "left out: shapes that have no box"


def told_of_shapes(shapes: Counter[str]) -> str:
    """As in "12 polygon, 3 mask"."""
    return ", ".join(f"{number} {shape}" for shape, number in shapes.most_common())


def split_of(words: Sequence[str]) -> str:
    """The first word that is a split's name, or all there is."""
    return next((name for word in words if (name := split_name(word)) in SPLITS), ALL)


def in_splits(images: Sequence[tuple[str, Annotated]]) -> dict[str, list[Annotated]]:
    """By the split of each; all as one where some have none: a folder is called so by chance."""
    names = {split for split, _ in images}
    whole = ALL in names and len(names) < 3
    splits: dict[str, list[Annotated]] = {}
    for split, one in images:
        splits.setdefault(ALL if whole else split, []).append(one)
    return splits


class OfTool:
    """A form that is read whole, by `opened`: what `resdet.data.registry.Form` asks of it."""

    def __init__(self, kind: str, opened: Callable[[Path], Annotations | None]) -> None:
        self.kind = kind
        self.opened = opened

    def find(self, root: Path) -> Found | None:
        """The data in `root`. Raises: ValueError if it is of this form, but faulty."""
        data = self.opened(root)
        if data is None or not data.splits:
            return None
        sources = {split: Source(self.kind, Path(), split) for split in data.splits}
        counts = {split: len(images) for split, images in data.splits.items()}
        every = (str(one.path.relative_to(root)) for of in data.splits.values() for one in of)
        return Found(
            root,
            self.kind,
            self.load,
            data.why + of_folders(every),
            data.class_names,
            sources,
            counts,
            own_classes=bool(data.listed),
            lost=tuple(data.lost()),
        )

    def load(
        self,
        source: Source,
        *,
        class_names: Sequence[str] = (),
        name: str = "",
        images: bool = True,
    ) -> Dataset:
        """The images of a split or a list, measured by VOC's rules; they must be there always.

        Raises: ValueError listing every fault.
        """
        root, split = source.place, source.own_split
        faults = Faults(f"{form_name(self.kind)} data {root}, split {split!r}")
        data = self.opened(root)
        if data is None:
            raise ValueError(
                f"{root} must hold data of {form_name(self.kind)}, got none; check the path"
            )
        chosen = chosen_of(data, source, faults)
        faults.found += data.faults
        classes = tuple(class_names) or data.class_names
        check_names(classes, "class names", faults)
        for fault in unknown_classes(data, chosen, classes):
            faults.add(fault)
        faults.raise_any()
        self._warn(root, split, chosen)
        return Dataset(
            name or f"{root.resolve().name}_{split}",
            "voc",
            classes,
            tuple(_records(root, chosen, classes)),
            root,
            split=split,
            remarks=tuple(f"{root}: {line}" for line in data.lost()),
        )

    def _warn(self, root: Path, split: str, images: Sequence[Annotated]) -> None:
        thin = [
            f"{one.place}: {thing.name} {list(thing.box)}"
            for one in images
            for thing, is_thin in zip(one.things, box.too_thin(one.boxes), strict=True)
            if is_thin
        ]
        warn_thin(f"{root}, split {split!r}", thin)
        warn_turned(f"{root}, split {split!r}", [t.angle for one in images for t in one.things])

    def details(self, source: Source, data: Dataset) -> dict[Path, list[Details]]:
        """Attributes, angles and which objects were no boxes, by image."""
        opened = self.opened(source.place)
        assert opened is not None  # `data` was read of it
        known = {one.path: one for images in opened.splits.values() for one in images}
        return {r.path: [_details(thing) for thing in known[r.path].things] for r in data.records}


def chosen_of(data: Annotations, source: Source, faults: Faults) -> Sequence[Annotated]:
    """The images of a split, of `all` of every split, or of a list of paths below the root.

    Raises: ValueError with all that `faults` holds if there is no such split or list.
    """
    every = {one.path: one for images in data.splits.values() for one in images}
    if source.listing is None:
        if source.split != ALL and source.split not in data.splits:
            known = ", ".join(data.splits) or "none"
            faults.add(f"split must be one of {known}, got {source.split!r}; see {data.why}")
            faults.raise_any()
        return data.splits.get(source.split, list(every.values()))
    if not source.listing.is_file():
        faults.add(f"{source.listing} must be a list of images, got none; make the split anew")
        faults.raise_any()
    lines = text_lines(source.listing)
    for line in lines:
        if data.root / line not in every:
            faults.add(
                f"{source.listing} must list annotated images of {data.root}, got {line!r}; "
                "drop the line"
            )
    return [every[data.root / line] for line in lines if data.root / line in every]


def unknown_classes(
    data: Annotations, images: Sequence[Annotated], classes: Sequence[str]
) -> list[str]:
    """A fault for each class of an object that is none of `classes`."""
    first: dict[str, list[str]] = {}
    for one in images:
        for name in {thing.name for thing in one.things} - {*classes}:
            first.setdefault(name, []).append(one.place)
    listed = data.listed or "--classes"
    return [
        f"{places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}: class must be "
        f"one of {', '.join(nearest_first(name, classes))}, got {name!r}; rename it or list it in "
        f"{listed}"
        for name, places in first.items()
    ]


def _records(
    root: Path, images: Sequence[Annotated], classes: Sequence[str]
) -> Sequence[ImageRecord]:
    ids = image_ids(root, [one.path for one in images])
    unsized = [str(one.path) for one in images if one.size is None]
    measured = dict(zip(unsized, inspect_heads(unsized), strict=True))
    label_of = {name: label for label, name in enumerate(classes)}
    records = []
    for image_id, one in zip(ids, images, strict=True):
        height, width = one.size or measured[str(one.path)].size or (0, 0)
        labels = np.array([label_of[thing.name] for thing in one.things], np.int64)
        truth = GroundTruth(one.boxes, labels, np.array(one.difficult, bool))
        records.append(ImageRecord(image_id, one.path, height, width, truth))
    return records


def _details(thing: Thing) -> Details:
    attributes = {key: value for key, value in thing.attributes.items() if key != DIFFICULT}
    if thing.angle:
        attributes[ATTRIBUTE] = thing.angle
    return Details(attributes, shape=thing.shape)


def settles(root: Path) -> bool:
    """Files of a tool beside other data are no proof."""
    return False


def is_there(source: Source) -> bool:
    """Whether its folder is."""
    return source.place.is_dir()


def list_name(source: Source, record: ImageRecord) -> str:
    """The path below the folder."""
    return str(record.path.relative_to(source.place))
