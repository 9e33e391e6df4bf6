"""A split of YOLO's form: named, loaded, listed, with what its labels tell besides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from resdet.data.source import Source, of_folder
from resdet.data.writing import Details
from resdet.data.yolo.folder import open_yolo
from resdet.data.yolo.reader import load_yolo
from resdet.structures.records import Dataset, ImageRecord

parse = partial(of_folder, "yolo")


def is_there(source: Source) -> bool:
    """Whether its folder is."""
    return source.place.is_dir()


def load(
    source: Source, *, class_names: Sequence[str] = (), name: str = "", images: bool = True
) -> Dataset:
    """See `load_yolo`; the default name is that of the folder and the split.

    The images must be there always: boxes are fractions of them.
    """
    split = source.own_split
    return load_yolo(
        source.place,
        split,
        class_names=class_names,
        name=name or f"{source.place.resolve().name}_{split}",
        listing=source.listing,
    )


def list_name(source: Source, record: ImageRecord) -> str:
    """The path below the folder."""
    return str(record.path.relative_to(source.place))


def details(source: Source, data: Dataset) -> dict[Path, list[Details]]:
    """Which objects were drawn as polygons."""
    folder = open_yolo(source.place)
    assert folder is not None  # `data` was read of it
    return {r.path: _of_lines(folder.label_of(r.path), _count(r)) for r in data.records}


def _count(record: ImageRecord) -> int:
    return 0 if record.ground_truth is None else len(record.ground_truth)


def _of_lines(file: Path, count: int) -> list[Details]:
    if not file.is_file():
        return []
    lines = [line.split() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    shapes = [len(words) != 5 for words in lines if words]
    return [Details(shape=shape) for shape in shapes[:count]]
