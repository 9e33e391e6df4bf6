"""Splits for data that has none: chosen once, kept as text lists, the same ever after."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from backbones.files.atomic import write_inside
from backbones.files.folder import whole_folder
from backbones.files.run_folder import is_run
from backbones.images.folders import files_in
from resdet.structures.corners import AUTO, CHOICES

HELD_OUT = 0.2  # of the images
SEED = 0
_ROOT = "DATA"  # whose lists they are, where they lie elsewhere
_CORNERS = "CORNERS"


def held_out(
    classes: Sequence[Iterable[int]],
    fraction: float = HELD_OUT,
    seed: int = SEED,
    copies: Sequence[Sequence[int]] = (),
) -> list[bool]:
    """Which images are to measure on: of each image's rarest class the same share, at least one.

    `classes` are those of each image. One image of a class with several always stays to train on.
    `copies` are rising places of one picture, which counts once and stays on one side.
    Raises: ValueError if there are fewer than two pictures.
    """
    if copies:
        first = {at: group[0] for group in copies for at in group}
        shown: dict[int, list[int]] = {}
        for at, own in enumerate(classes):
            shown.setdefault(first.get(at, at), []).extend(own)
        out = dict(zip(shown, held_out(list(shown.values()), fraction, seed), strict=True))
        return [out[first.get(at, at)] for at in range(len(classes))]
    if len(classes) < 2:
        raise ValueError(
            "data without splits must have two images or more, copies counted once, "
            f"got {len(classes)}; annotate more"
        )
    frequency = Counter(label for labels in classes for label in set(labels))
    rarest = [min(set(c), key=lambda k: (frequency[k], k), default=-1) for c in classes]
    rng = np.random.default_rng(seed)
    chosen = [False] * len(classes)
    owed = 0.0  # what rounding left over, taken from or given to the next class
    for label in sorted(set(rarest), key=lambda k: (frequency[k], k)):
        group = [at for at, own in enumerate(rarest) if own == label]
        owed += fraction * len(group)
        share = min(max(round(owed), int(len(group) > 1)), max(len(group) - 1, 0))
        owed -= share
        for at in rng.permutation(len(group))[:share].tolist():
            chosen[group[at]] = True
    if not any(chosen):
        chosen[int(rng.integers(len(chosen)))] = True
    return chosen


def save_lists(
    folder: Path, lists: Mapping[str, Sequence[str]], root: Path, corners: str = AUTO
) -> Path | None:
    """`folder/resdet_splits` with a list of each split, all of them or none; None: not writable.

    `corners`: how they are counted, kept beside the lists unless it is judged each time. Lists
    that are there, of another process or run, are left as they are.
    """
    target = folder / MADE
    try:
        with whole_folder(target) as fresh:
            for split, names in lists.items():
                lines = "".join(f"{name}\n" for name in names)
                write_inside(fresh / f"{split}.txt", lines)
            write_inside(fresh / _ROOT, f"{root.resolve()}\n")
            if corners != AUTO:
                write_inside(fresh / _CORNERS, f"{corners}\n")
    except OSError as error:
        return target if error.errno in (errno.ENOTEMPTY, errno.EEXIST) else None
    return target


def kept_lists(folder: Path, root: Path) -> dict[str, Path]:
    """The lists in `folder/resdet_splits`, where they are of the data in `root`; else none."""
    made = folder / MADE
    files = {file.stem: file for file in files_in(made, (".txt",))}
    try:
        of = (made / _ROOT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        of = ""
    return files if folder.resolve() == root.resolve() or of == str(root.resolve()) else {}


def kept_corners(made: Path) -> str:
    """How corners were counted when the lists in `made` were; AUTO where that is not kept."""
    try:
        way = (made / _CORNERS).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return AUTO
    return way if way in CHOICES else AUTO


def own_lists(*folders: Path) -> list[Path]:
    """train.txt, val.txt and the like in them, as `split_name` has it."""
    files = [file for folder in folders for file in files_in(folder, (".txt",))]
    named = [file for file in files if split_name(file.stem) in SPLITS]
    return sorted(named, key=lambda file: SPLITS.index(split_name(file.stem)))


def not_used(lists: Sequence[Path], way_out: str) -> list[str]:
    """A line for lists of splits where they are not looked for."""
    names = ", ".join(file.name for file in lists)
    return [f"WARNING: your lists are NOT used: {names}; {way_out}"] if lists else []


MADE = "resdet_splits"  # lists that we made, in the folder of the data


ALL = "all"  # the split of data that has none: every image that is annotated


_ALIASES = {"valid": "val", "validation": "val", "training": "train", "testing": "test"}


SPLITS = ("train", "trainval", "val", "test")


def split_name(name: str) -> str:
    """`valid`, `Validation`, `Train` and the like as VOC and COCO call them."""
    low = name.lower()
    return _ALIASES.get(low, low if low in SPLITS else name)


def is_to_measure(name: str) -> bool:
    """Whether a split is called so: val, test2017, instances_valid."""
    return any(split_name(word) in ("val", "test") for word in re.findall("[a-z]+", name.lower()))


def split_folders(root: Path) -> dict[str, Path]:
    """{split: its folder} of folders that are called train, valid, test or alike."""
    return {name: f for f in subfolders(root) if (name := split_name(f.name)) in SPLITS}


def subfolders(root: Path) -> list[Path]:
    """Sorted, without hidden ones, the lists that we made, and runs."""
    try:
        with os.scandir(root) as entries:
            names = [e.name for e in entries if not e.name.startswith(".") and e.is_dir()]
    except OSError:
        return []
    return [root / name for name in sorted(names) if name != MADE and not is_run(root / name)]
