"""The sides of a comparison: a model by one result file, or by one file of each of its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from resdet.evaluation.matches import Matches, Objects
from resdet.evaluation.measures import Measured, measured
from resdet.evaluation.record import Record, load_matches, matches_path
from resdet.evaluation.results import read_json


@dataclass(frozen=True)
class Run:
    """One result file, and the matches beside it where they are there."""

    path: Path
    result: Mapping[str, Any]
    measured: Measured
    record: Record | None


@dataclass(frozen=True)
class Side:
    """One model: a name and its runs (seeds)."""

    name: str
    runs: tuple[Run, ...]

    @property
    def config(self) -> str | None:
        """The config that all runs say they are of."""
        configs = {run.result.get("config") for run in self.runs}
        config = configs.pop() if len(configs) == 1 else None
        return config if isinstance(config, str) else None

    def to_dict(self) -> dict[str, Any]:
        """Name and files for JSON."""
        return {"name": self.name, "files": [str(run.path) for run in self.runs]}


def read_sides(texts: Sequence[str]) -> list[Side]:
    """Each "[NAME=]FILE[,FILE...]" -> a side; without a name that of its file, or its folder's.

    Raises: FileNotFoundError; ValueError for a file that is no result, or a name used twice.
    """
    split = [_split(text) for text in texts]
    for part in ("stem", "parent"):  # a/r.json and b/r.json are "a/r" and "b/r"
        names = [name or _default_name(paths, part) for name, paths in split]
        if len(set(names)) == len(names):
            break
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"names must differ, got {twice[0]!r} twice; name the sides: NAME=FILE NAME=FILE"
        )
    return [Side(name, tuple(map(read_run, paths))) for name, (_, paths) in zip(names, split)]


def with_baseline_first(sides: Sequence[Side], baseline: str | None) -> list[Side]:
    """The side of that name or with that file first, the others in their order.

    Raises: ValueError listing the names.
    """
    if baseline is None:
        return list(sides)
    for side in sides:
        if baseline == side.name or Path(baseline) in [run.path for run in side.runs]:
            return [side, *(other for other in sides if other is not side)]
    names = ", ".join(side.name for side in sides)
    raise ValueError(f"baseline must be one of {names} or its file, got {baseline!r}")


def read_run(path: Path) -> Run:
    """A result, and its matches where they lie beside it."""
    result = read_json(path)
    values = measured(result, str(path))
    found = matches_path(path)
    return Run(path, result, values, load_matches(found) if found.is_file() else None)


def record_to_show(side: Side) -> Record:
    """The matches of a side's first run.

    Raises: FileNotFoundError if there are none.
    """
    run = side.runs[0]
    return load_matches(matches_path(run.path)) if run.record is None else run.record


def matches_like(run: Run, reference: Run) -> Matches:
    """The matches of a run, its images numbered as the reference's.

    Raises: ValueError naming the first image, object or rule in which the two differ.
    """
    if run.record is None or reference.record is None:
        raise ValueError(f"matches must be read, got none of {run.path} or {reference.path}")
    mine, its = run.record.matches, reference.record.matches
    for name in ("class_names", "thresholds", "rules"):
        if getattr(mine, name) != getattr(its, name):
            raise _unlike(run, reference, f"{name} {getattr(mine, name)} for {getattr(its, name)}")
    only = dict.fromkeys(mine.image_ids).keys() ^ dict.fromkeys(its.image_ids).keys()
    if only:
        some = sorted(map(repr, only))[:3]
        raise _unlike(run, reference, f"{len(only)} images that one alone has ({', '.join(some)})")
    if mine.image_ids != its.image_ids:
        numbers = {image_id: number for number, image_id in enumerate(its.image_ids)}
        moved = np.array([numbers[image_id] for image_id in mine.image_ids], np.int64)
        truth = replace(mine.truth, images=moved[mine.truth.images])
        mine = replace(mine, image_ids=its.image_ids, images=moved[mine.images], truth=truth)
    difference = _first_difference(mine.truth, its.truth)
    if difference is not None:
        image, fault = difference
        raise _unlike(run, reference, f"{fault} in image {its.image_ids[image]!r}")
    return mine


def _first_difference(mine: Objects, its: Objects) -> tuple[int, str] | None:
    """The first image whose objects differ, and how; the order of objects does not count."""
    if len(mine) == len(its):
        rows = [_canonical(truth) for truth in (mine, its)]
        differ = np.flatnonzero((rows[0] != rows[1]).any(axis=1))
        if not len(differ):
            return None
        image = int(min(row[differ[0], 0] for row in rows))
    else:
        length = int(max(truth.images.max(initial=-1) for truth in (mine, its))) + 1
        counts = [np.bincount(truth.images, minlength=length) for truth in (mine, its)]
        image = int(np.flatnonzero(counts[0] != counts[1])[0])
    numbers = [int((truth.images == image).sum()) for truth in (mine, its)]
    if numbers[0] != numbers[1]:
        return image, f"{numbers[0]} objects for {numbers[1]}"
    return image, "other classes, boxes or difficult objects"


def _canonical(truth: Objects) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(M, 7) image, class, ignored, box; sorted."""
    rows = np.column_stack([truth.images, truth.labels, truth.ignored, truth.boxes])
    return rows[np.lexsort(rows.T[::-1])]


def _unlike(run: Run, reference: Run, fault: str) -> ValueError:
    return ValueError(
        f"{run.path} must be measured on the images and objects of {reference.path}, got {fault}; "
        "evaluate both on one data set"
    )


def _split(text: str) -> tuple[str, list[Path]]:
    """Name or "", and the files; a file that is there is no list."""
    if Path(text).is_file():
        return "", [Path(text)]
    name, equals, files = text.partition("=")
    if not equals:
        name, files = "", text
    if not files or (equals and not name):
        raise ValueError(f"a side must be [NAME=]FILE[,FILE...], got {text!r}")
    if Path(files).is_file():
        return name, [Path(files)]
    return name, [Path(file) for file in files.split(",") if file]


def _default_name(paths: Sequence[Path], part: str) -> str:
    path = paths[0]
    return path.stem if part == "stem" else f"{path.absolute().parent.name}/{path.stem}"
