"""The shapes as VOC 2007, VOC 2012 and COCO are laid out, in the folders of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from backbones.files.atomic import copy_inside, remove
from resdet.data.coco import form as coco
from resdet.data.voc import form as voc
from resdet.data.voc.reader import load_voc
from resdet.data.writing import Details, Picture, Told
from resdet.structures.classes import COCO_CLASSES, COCO_IDS, VOC_CLASSES
from resdet.structures.records import ImageRecord

_IDS = {2007: "{:06d}", 2012: "2012_{:06d}"}
_COCO_YEARS = (2014, 2017)
_HIDDEN = "test-dev2017"


def write_published(shapes: Path, root: Path) -> None:
    """Fills `root` with VOC2007, VOC2012 and coco; a shape is called as a class of theirs.

    Each year of VOC has its own half of every split; COCO has all. As published, the objects of
    VOC 2012 test and COCO test-dev are not told.
    """
    splits = {name: load_voc(shapes, name).records for name in ("train", "val", "test")}
    for half, year in enumerate(_IDS):
        _write_voc(root / f"VOC{year}", year, {k: v[half::2] for k, v in splits.items()})
    _write_coco(root / "coco", splits)


def _write_voc(folder: Path, year: int, records: Mapping[str, Sequence[ImageRecord]]) -> None:
    splits = dict(_numbered(records, _IDS[year]))
    if year == 2012:
        splits["test"] = _hidden(splits["test"])
    splits["trainval"] = splits["train"] + splits["val"]
    folder.mkdir()
    told: Told = Counter()  # of which nobody asks
    for path, place in voc.write(folder, splits, VOC_CLASSES, (), told).items():
        copy_inside(path, folder / place)


def _write_coco(folder: Path, records: Mapping[str, Sequence[ImageRecord]]) -> None:
    train, val, test = (pictures for _, pictures in _numbered(records, "{:012d}"))
    splits = {f"train{year}": train for year in _COCO_YEARS}
    splits |= {f"val{year}": val for year in _COCO_YEARS}
    folder.mkdir()
    told: Told = Counter()
    about = "resdet synthetic shapes, {split}"
    every = splits | {_HIDDEN: _hidden(test)}
    coco.write(folder, every, COCO_CLASSES, COCO_IDS, told, description=about)
    lists = folder / "annotations"
    without_objects = lists / f"instances_{_HIDDEN}.json"
    copy_inside(without_objects, lists / f"image_info_{_HIDDEN}.json")
    remove(without_objects)
    for name, pictures in {**splits, "test2017": test}.items():
        for picture in pictures:
            copy_inside(picture.record.path, folder / name / picture.name)


def _numbered(
    records: Mapping[str, Sequence[ImageRecord]], form: str
) -> Iterator[tuple[str, list[Picture]]]:
    """The pictures of each split under new names, by numbers that count through all."""
    number = 0
    for split, those in records.items():
        pictures = []
        for record in those:
            number += 1
            objects = record.ground_truth
            details = [Details() for _ in objects.labels] if objects else []
            pictures.append(Picture(record, f"{form.format(number)}.jpg", number, details))
        yield split, pictures


def _hidden(pictures: Sequence[Picture]) -> list[Picture]:
    return [replace(p, record=replace(p.record, ground_truth=None), details=[]) for p in pictures]
