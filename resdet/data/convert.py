"""A data set in another form: images, boxes, classes, splits; what is lost is told."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from backbones.files.atomic import copy_inside
from backbones.images.copies import fresh_folder
from backbones.images.folders import SUFFIXES
from backbones.images.kinds import PNG
from backbones.terminal.wording import count
from resdet.data.check_usable import usable
from resdet.data.found import Found
from resdet.data.programs import MOST, Words
from resdet.data.registry import form_of, writer_of
from resdet.data.turned import ATTRIBUTE, angle_of, is_turned
from resdet.data.validate import listing, unheard
from resdet.data.writing import Details, Picture, Told, plain_text
from resdet.structures.records import Dataset

To = Literal["voc", "coco", "yolo"]
Progress = Callable[[int, int], None]
_LISTED = "classes"  # a list of names beside the labels
RENAMED = (
    "images renamed: two would have had one name, or the form has no folders or signs for them"
)

TURNED = (
    "kept: boxes before the turn, of objects that an attribute turns (resdet check-data --fix "
    "takes the boxes around them)"
)


@dataclass(frozen=True)
class Job:
    """What is to be written: the pictures of every split, each picture once."""

    found: Found
    class_names: tuple[str, ...]
    category_ids: tuple[int, ...]
    splits: dict[str, list[Picture]]

    @property
    def pictures(self) -> list[Picture]:
        """All, in the order of the splits."""
        return list({p.record.path: p for ps in self.splits.values() for p in ps}.values())


def convert(
    found: Found,
    out: Path,
    to: To,
    *,
    splits: Sequence[str] = (),
    link: bool = False,
    words: Words = MOST,
    progress: Progress | None = None,
) -> list[str]:
    """Writes `out` in the form of `to`; -> lines of what was written, and of what the form lacks.

    `link`: images are linked, not copied. `words`: those of the program that it is written for.
    The folder appears when all of it is written.
    Raises: ValueError with every fault of the data, or if `out` may not be written.
    """
    told: Told = Counter()
    job = _job(found, splits or found.ordered(), words, told)
    pictures = job.pictures
    with fresh_folder(out, [found.root], "OUT") as beside:
        places = writer_of(to).write(
            beside, job.splits, job.class_names, job.category_ids, told, words
        )
        for done, picture in enumerate(pictures, start=1):
            copy_inside(picture.record.path, beside / places[picture.record.path], link=link)
            if progress is not None:
                progress(done, len(pictures))
    objects = sum(len(p.truth) for p in pictures)
    counts = ", ".join(f"{split} {len(of)}" for split, of in job.splits.items())
    lines = [
        f"written  {out}/: {to.upper()}, {count(len(pictures), 'image')}, "
        f"{count(objects, 'object')}",
        f"splits   {counts}",
    ]
    told = +told  # without zeros
    if not told:
        return [*lines, "lost     nothing"]
    rows = [f"{what}: {n}" for what, n in sorted(told.items())]
    return [*lines, *(f"{'' if at else 'note':<8} {row}" for at, row in enumerate(rows))]


def _job(found: Found, splits: Sequence[str], words: Words, told: Told) -> Job:
    datasets, faults = {}, []
    for split in splits:
        with unheard():  # of thin boxes, which are carried on as they are
            data, _, wrong = usable(found.load(split), training=False)
        datasets[split] = data
        faults += wrong
    classes = {data.class_names for data in datasets.values()}
    if len(classes) > 1:
        lists = "; ".join(f"{name}: {', '.join(d.class_names)}" for name, d in datasets.items())
        raise ValueError(f"splits of {found.root} must have the same classes, got {lists}")
    if faults:
        raise ValueError(
            f"{found.root} has images that cannot be converted:\n"
            f"{listing(list(dict.fromkeys(faults)))}\n"
            "resdet check-data tells more, and with --fix writes a corrected copy"
        )
    if lost := form_of(found.kind).LOST:
        told[lost] += len(datasets)
    pictures = _pictures(found, datasets, words, told)
    first = next(iter(datasets.values()))
    ordered = {
        split: [pictures[record.path] for record in data.records]
        for split, data in datasets.items()
    }
    return Job(found, first.class_names, first.category_ids, ordered)


def _pictures(
    found: Found, datasets: dict[str, Dataset], words: Words, told: Told
) -> dict[Path, Picture]:
    records = {r.path: r for data in datasets.values() for r in data.records}
    names = _names(found.root, list(records), words)
    told[RENAMED] += sum(names[path] != path.name for path in records)
    known: dict[Path, list[Details]] = {}
    for split, data in datasets.items():
        known |= form_of(found.kind).details(found.source(split), data)
    every = [detail for path in records for detail in known[path]]
    told[TURNED] += sum(is_turned(angle_of(one.attributes.get(ATTRIBUTE))) for one in every)
    numbers = _numbers(records, names)
    return {
        path: Picture(record, names[path], numbers[path], known[path])
        for path, record in records.items()
    }


def _names(root: Path, paths: Sequence[Path], words: Words) -> dict[Path, str]:
    """A name for each image whose stem no other has: its own, or with its folders before it."""
    stems = Counter(path.stem for path in paths)
    names: dict[Path, str] = {}
    taken = {_LISTED} if words.listed else set()
    for path in paths:
        name = path.name
        if stems[path.stem] > 1:
            inside = path.relative_to(root).parts if path.is_relative_to(root) else (path.name,)
            name = "_".join(inside)
        stem, suffix = os.path.splitext(name)
        if suffix.lower() not in SUFFIXES:  # a form that lists its images may call them anything
            stem, suffix = name, _suffix_of(path)
        stem = _plain_stem(stem, words)
        unique, count = stem, 2
        while unique in taken:
            unique, count = f"{stem}_{count}", count + 1
        taken.add(unique)
        names[path] = unique + suffix
    return names


def _suffix_of(path: Path) -> str:
    """Whoever goes by the name looks at it as a picture; which kind it is, its content tells."""
    with open(path, "rb") as file:
        return ".png" if file.read(len(PNG)) == PNG else ".jpg"


def _plain_stem(stem: str, words: Words) -> str:
    """As lists hold it, of a file that has a name and is not hidden."""
    plain = plain_text(stem).replace("\\", "_")
    if not plain or plain.startswith("."):
        plain = f"_{plain[1:]}"
    return plain if words.blanks else "_".join(plain.split())


def _numbers(records: Mapping[Path, object], names: dict[Path, str]) -> dict[Path, int]:
    """The ids of COCO's images: their own, or the numbers that their names are, or from 1."""
    ids = [getattr(record, "image_id", None) for record in records.values()]
    if all(isinstance(number, int) for number in ids) and len(set(ids)) == len(ids):
        return {path: int(str(number)) for path, number in zip(records, ids, strict=True)}
    stems = [os.path.splitext(names[path])[0] for path in records]
    digits = [int(stem) for stem in stems if stem.isascii() and stem.isdigit()]
    if len(set(digits)) == len(records):
        return dict(zip(records, digits, strict=True))
    return {path: number for number, path in enumerate(records, start=1)}


def for_form(found: Found, to: To) -> Found:
    """With the splits that the form can name: what has none is YOLO's train."""
    names = writer_of(to).SPLIT_NAMES
    if len(found.splits) != 1 or next(iter(found.splits)) not in names:
        return found
    old = next(iter(found.splits))
    new = names[old]
    return replace(found, splits={new: found.splits[old]}, counts={new: found.counts[old]})
