"""The sides of a comparison: a model by one result file, or by one file of each of its runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.json_file import read_json
from backbones.terminal.wording import count
from resdet.evaluation.comparison.bootstrap import resampled_ap
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import Matches, Objects
from resdet.evaluation.measures import Measured, measured
from resdet.evaluation.record import Record, load_matches, matches_path
from resdet.structures.records import Int64Array

_SAME_AP = 1e-9


@dataclass(frozen=True)
class MeasuredRun:
    """What one result file says was measured, and the matches beside it where they are there."""

    path: Path
    result: Mapping[str, Any]
    measured: Measured
    record: Record | None


@dataclass(frozen=True)
class Side:
    """One model: a name and its runs (seeds)."""

    name: str
    runs: tuple[MeasuredRun, ...]

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

    Raises: FileNotFoundError; ValueError for a file that is no result, whose matches are another
        result's or that is twice a run of its side, or for a name used twice.
    """
    split = [_split(text) for text in texts]
    for text, (_, paths) in zip(texts, split):
        _check_once(paths, text)
    for part in ("stem", "parent"):  # a/r.json and b/r.json are "a/r" and "b/r"
        names = [name or _default_name(paths, part) for name, paths in split]
        if len(set(names)) == len(names):
            break
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(
            f"names must differ, got {twice[0]!r} twice; name the models: NAME=FILE NAME=FILE"
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


def read_run(path: Path) -> MeasuredRun:
    """A result, and its matches where they lie beside it.

    Raises: FileNotFoundError; ValueError for what is no result, or matches of another one.
    """
    result = read_json(path)
    values = measured(result, str(path))
    found = matches_path(path)
    if not found.is_file():
        return MeasuredRun(path, result, values, None)
    record = load_matches(found)
    if not _give(record.matches, values):
        raise ValueError(
            f"{found} must hold the matches of {path}, got others; evaluate again with --json, "
            "or remove them to go without"
        )
    return MeasuredRun(path, result, values, record)


def _give(matches: Matches, values: Measured) -> bool:
    """Whether the matches give the numbers of a result; if not they are older or newer."""
    conventions = values.conventions
    if (
        list(matches.class_names) != conventions["classes"]
        or len(matches.image_ids) != conventions["num_images"]
        or not set(conventions.get("thresholds", ())) <= set(matches.keys)
    ):
        return False
    held = [(m, m.metric, value) for m, value in values.values.items() if m.metric]
    metrics = list(dict.fromkeys(metric for _, metric, _ in held))
    aps = resampled_ap(matches, np.ones((1, len(matches.image_ids)), np.int32), metrics)
    for measure, metric, value in held:
        own = float(measure.of(aps[metric], matches.keys)[0])
        if not (np.isnan(own) if value is None else abs(own - value) <= _SAME_AP):
            return False
    return True


def records_to_show(sides: Sequence[Side]) -> list[Record]:
    """The matches of each side's first run, numbered as the first side's, which has the pictures.

    Raises: FileNotFoundError if there are none; ValueError where images, objects or rules differ.
    """
    first, *others = (side.runs[0] for side in sides)
    records = [
        load_matches(matches_path(run.path)) if run.record is None else run.record
        for run in (first, *others)
    ]
    return [records[0], *(Record(matches_like(run, first)) for run in others)]


def matches_like(run: MeasuredRun, reference: MeasuredRun) -> Matches:
    """The matches of a run, its images and objects numbered as the reference's.

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
        raise _unlike(
            run, reference, f"{count(len(only), 'image')} that one alone has ({', '.join(some)})"
        )
    if mine.image_ids != its.image_ids:
        numbers = {image_id: number for number, image_id in enumerate(its.image_ids)}
        moved = np.array([numbers[image_id] for image_id in mine.image_ids], np.int64)
        truth = replace(mine.truth, images=moved[mine.truth.images])
        mine = replace(mine, image_ids=its.image_ids, images=moved[mine.images], truth=truth)
    difference = _first_difference(mine.truth, its.truth)
    if difference is not None:
        image, fault = difference
        raise _unlike(run, reference, f"{fault} in image {its.image_ids[image]!r}")
    rows = np.full(len(its.truth) + 1, -1, np.int32)  # the last: of no object, -1 stays -1
    rows[_order(mine.truth)] = _order(its.truth)
    return replace(mine, objects=rows[mine.objects], truth=its.truth)


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
        return image, f"{count(numbers[0], 'object')} for {numbers[1]}"
    return image, "other classes, boxes or difficult objects"


def _canonical(truth: Objects) -> Float64Array:
    """(M, 7) image, class, ignored, box; sorted."""
    return _rows(truth)[_order(truth)]


def _order(truth: Objects) -> Int64Array:
    return np.lexsort(_rows(truth).T[::-1])


def _rows(truth: Objects) -> Float64Array:
    return np.column_stack([truth.images, truth.labels, truth.ignored, truth.boxes])


def _unlike(run: MeasuredRun, reference: MeasuredRun, fault: str) -> ValueError:
    return ValueError(
        f"{run.path} must be measured on the images and objects of {reference.path}, got {fault}; "
        "evaluate both on one data set"
    )


def files_of(side: str) -> list[Path]:
    """The results that "[NAME=]FILE[,FILE...]" names, and the matches that lie beside them.

    Raises: ValueError for a text of another form.
    """
    return [file for path in _split(side)[1] for file in (path, matches_path(path))]


def _split(text: str) -> tuple[str, list[Path]]:
    """Name or "", and the files; a file that is there is no list."""
    if os.path.isfile(text):  # of a list too long for a name, Path.is_file raises
        return "", [Path(text)]
    name, equals, files = text.partition("=")
    if not equals:
        name, files = "", text
    paths = [Path(file) for file in files.split(",") if file]
    if not paths or (equals and not name):
        raise ValueError(f"a side must be [NAME=]FILE[,FILE...], got {text!r}; name a JSON")
    return name, [Path(files)] if os.path.isfile(files) else paths


def _check_once(paths: Sequence[Path], side: str) -> None:
    """One file twice is one training, of which two would tell no spread."""
    resolved = Counter(path.resolve() for path in paths)
    twice = [path for path in paths if resolved[path.resolve()] > 1]
    if twice:
        raise ValueError(
            f"runs of a side must be different files, got {twice[0]} twice in {side!r}; "
            "name each run's own"
        )


def _default_name(paths: Sequence[Path], part: str) -> str:
    path = paths[0]
    return path.stem if part == "stem" else f"{path.absolute().parent.name}/{path.stem}"
