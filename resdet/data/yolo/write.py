"""YOLO's form, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from backbones.files.atomic import write_inside
from resdet.data.programs import MOST, Words
from resdet.data.writing import (
    IDS,
    SHAPES,
    Picture,
    Splits,
    Told,
    each_picture,
    plain_classes,
    upright,
)
from resdet.structures import boxes as box

_FRACTION_DIGITS = 12  # of an image: 1e-6 px up to a million pixels
_YOLO_SPLITS = ("train", "val", "test", "trainval")
_OTHERS = {"train": ("trainval", "val", "test"), "val": ("train", "trainval", "test")}
_OWN = ("crowd", "difficult")  # attributes that are told otherwise
CROWD_TO_YOLO = "lost: crowds, which YOLO has no word for, are left out"
DIFFICULT = "lost: `difficult`, which YOLO has no word for: plain objects now"
ATTRIBUTES = "lost: objects with attributes, such as truncated or pose"
OUTSIDE = "changed: boxes clipped to their image, outside of which YOLO has none"
NO_SPLIT = (
    "changed: data.yaml takes {other} for its {key}, without which ultralytics and datumaro refuse "
    "it; images"
)


def write(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    words: Words = MOST,
) -> dict[Path, Path]:
    """labels/<split>/ and data.yaml; a split whose images lie in folders of others is a list.

    Raises: ValueError for a split that YOLO has no name for.
    """
    unknown = [split for split in splits if split not in _YOLO_SPLITS]
    if unknown:
        raise ValueError(
            f"split must be one of {', '.join(_YOLO_SPLITS)} in YOLO's form, got {unknown[0]!r}; "
            "choose with --split, or rename it"
        )
    names = plain_classes(class_names, told)
    places: dict[Path, Path] = {}
    for split in sorted(splits, key=_YOLO_SPLITS.index):
        for picture in splits[split]:
            places.setdefault(picture.record.path, Path("images") / split / picture.name)
    for picture in each_picture(splits):
        if picture.record.ground_truth is not None:
            image = places[picture.record.path]
            label = root / "labels" / image.parent.name / f"{picture.stem}.txt"
            write_inside(label, _lines(picture, told))
    if words.listed:
        for folder in sorted((root / "labels").glob("*")):
            write_inside(folder / "classes.txt", "".join(f"{name}\n" for name in names))
    content: dict[str, Any] = _named_splits(root, splits, places)
    if words.val:
        _fill_in(content, splits, told)
    content |= {"nc": len(names)} if words.counted else {}
    content["names"] = dict(enumerate(names))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_inside(root / "data.yaml", text)
    return places


def _named_splits(root: Path, splits: Splits, places: Mapping[Path, Path]) -> dict[str, Any]:
    """What data.yaml says of each: a folder, or a list that is written."""
    content = {}
    for split, pictures in splits.items():
        inside = {path for path, place in places.items() if place.parent.name == split}
        if inside == {picture.record.path for picture in pictures}:
            content[split] = f"images/{split}"
            continue
        content[split] = f"{split}.txt"
        lines = "".join(f"./{places[p.record.path].as_posix()}\n" for p in pictures)
        write_inside(root / f"{split}.txt", lines)
    return content


def _fill_in(content: dict[str, Any], splits: Splits, told: Told) -> None:
    """Another split in the place of train or val, where there is none."""
    for key, others in _OTHERS.items():
        if key not in content:
            other = next(name for name in others if name in splits)
            content[key] = content[other]
            told[NO_SPLIT.format(key=key, other=other)] += len(splits[other])


def _lines(picture: Picture, told: Told) -> str:
    truth, height, width = picture.truth, picture.record.height, picture.record.width
    size = np.array([width, height], np.float64)
    lines = []
    for at in upright(picture, told):
        if truth.crowd[at]:
            told[CROWD_TO_YOLO] += 1
            continue
        told.update([DIFFICULT] if truth.difficult[at] else [])
        others = [v for key, v in picture.details[at].attributes.items() if key not in _OWN]
        told.update([ATTRIBUTES] if any(others) else [])
        told.update([SHAPES] if picture.details[at].shape else [])
        told.update([IDS] if "id" in picture.details[at].entry else [])
        corners = truth.boxes[at].astype(np.float64)
        numbers = fractions(corners, size)
        if (numbers < 0).any() or (numbers > 1).any():
            told[OUTSIDE] += 1
            numbers = fractions(box.clip(corners[None], height, width)[0], size)
        lines.append(" ".join([str(truth.labels[at]), *words_of(numbers)]) + "\n")
    return "".join(lines)


def fractions(corners: Any, size: Any) -> Any:
    """Centre, width and height as fractions of the image."""
    low, high = corners[:2], corners[2:]
    return np.concatenate([(low + high) / 2 / size, (high - low) / size])


def words_of(numbers: Iterable[float]) -> list[str]:
    """As a label has them."""
    return [f"{value:.{_FRACTION_DIGITS}f}".rstrip("0").rstrip(".") for value in numbers]
