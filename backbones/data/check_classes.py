"""A check of images to classify: folders of classes, CIFAR's files, tar shards."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from backbones.data.cifar import has_cifar
from backbones.data.folder import class_folders
from backbones.data.images import Images, has_split, open_split
from backbones.data.shards import has_shards
from backbones.images.check_kinds import tell_classes, tell_copies, tell_images
from backbones.images.check_report import Kind, Report
from backbones.images.folders import is_image
from backbones.images.inspect import ImageFacts, Progress, digest_of, inspect_images

SPLITS = ("train", "val", "test")
UNUSABLE = Kind("unusable", "error", "parts that cannot be read", "repair them as is said below")
EMPTY_CLASS = Kind(
    "empty class", "error", "classes without an image", "remove their folders or fill them"
)
UNKNOWN_CLASS = Kind(
    "unknown class", "error", "classes that train does not have", "rename or remove their folders"
)
STRAY = Kind("stray file", "warning", "files among the images that are not read", "convert or move")


def is_classification(root: Path) -> bool:
    """Whether a split to classify lies in `root`, or `root` itself is one."""
    return any(has_split(root, split) for split in (*SPLITS, ""))


def is_folder(root: Path, split: str) -> bool:
    """Whether a split that is there lies in folders of classes, one image in a file."""
    return not has_cifar(root, split) and not has_shards(root, split)


def classes_of(folder: Path) -> list[Path]:
    """The folders of classes, sorted."""
    return [folder / name for name in class_folders(folder)]


def images_of(folder: Path) -> list[str]:
    """The images of a class, sorted."""
    return [str(folder / name) for name in sorted(os.listdir(folder)) if is_image(name)]


def check_classification(
    root: Path,
    splits: Sequence[str] = (),
    *,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong in `root`, told at once; `splits` by default all that are there.

    Raises: ValueError if there is nothing to check; OSError if a process that decodes is killed.
    """
    started = time.monotonic()
    given = tuple(splits) or tuple(s for s in SPLITS if has_split(root, s)) or ("",)
    absent = [split for split in given if not has_split(root, split)]
    if absent:
        raise ValueError(
            f"{root} must hold the splits {', '.join(given)}, got none of {', '.join(absent)}"
        )
    form = "CIFAR" if has_cifar(root, given[0]) else "tar shards"
    form = "image folder" if is_folder(root, given[0]) else form
    report = Report(str(root), form, "full" if full else "quick")
    look = _check_folders if form == "image folder" else _check_packed
    look(report, root, given, full, workers, progress)
    report.seconds = time.monotonic() - started
    return report


def _check_folders(
    report: Report,
    root: Path,
    splits: Sequence[str],
    full: bool,
    workers: int,
    progress: Progress | None,
) -> None:
    listed: dict[str, list[str]] = {}
    known: set[str] = set()
    for split in splits:
        classes = classes_of(root / split)
        names = [folder.name for folder in classes]
        if not names:
            report.add(UNUSABLE, f"{root / split} holds no folder of a class")
        known = known or set(names)
        for name in sorted(set(names) - known):
            report.add(UNKNOWN_CLASS, f"{root / split / name}")
        paths = [path for folder in classes for path in _images(report, folder)]
        listed[split or root.name] = paths
        report.images[split or root.name] = len(paths)
        report.count_classes(split or root.name, sorted(known), map(_class_of, paths))
    tell_classes(report, known)
    paths = list(dict.fromkeys(path for part in listed.values() for path in part))
    facts = dict(
        zip(
            paths,
            inspect_images(paths, full=full, workers=workers, progress=progress),
            strict=True,
        )
    )
    tell_images(report, facts)
    tell_copies(report, listed, facts, _class_of)
    if not report.total("error"):  # what has no error here must have none in training
        _tell_reader(report, root, splits)


def _tell_reader(report: Report, root: Path, splits: Sequence[str]) -> None:
    names: tuple[str, ...] = ()
    for split in splits:
        try:
            names = open_split(root, split, names).class_names
        except ValueError as fault:
            report.add(UNUSABLE, str(fault))


def _images(report: Report, folder: Path) -> list[str]:
    found = images_of(folder)
    for name in sorted(os.listdir(folder)):
        if not is_image(name) and not name.startswith("."):
            report.add(STRAY, str(folder / name))
    if not found:
        report.add(EMPTY_CLASS, str(folder))
    return found


def _class_of(path: str) -> str:
    return os.path.basename(os.path.dirname(path))


def _check_packed(
    report: Report,
    root: Path,
    splits: Sequence[str],
    full: bool,
    workers: int,
    progress: Progress | None,
) -> None:
    """Images inside larger files; their readers judge the form, here they are looked at."""
    names: tuple[str, ...] = ()
    listed: dict[str, list[str]] = {}
    facts: dict[str, ImageFacts] = {}
    labels: dict[str, str] = {}
    for split in splits:
        try:
            images = open_split(root, split, names)
        except ValueError as fault:
            report.add(UNUSABLE, str(fault))
            continue
        names = names or images.class_names
        classes = [images.class_names[label] for label in images.labels]
        paths = [images.name(at) for at in range(len(images))]
        listed[split] = paths
        report.images[split] = len(images)
        report.count_classes(split, names, classes)
        labels |= dict(zip(paths, classes, strict=True))
        if full:
            facts |= _decoded(images, paths, progress)
    tell_classes(report, names)
    tell_images(report, facts)
    tell_copies(report, listed, facts, labels.get)


def _decoded(
    images: Images, paths: Sequence[str], progress: Progress | None
) -> Mapping[str, ImageFacts]:
    found: dict[str, ImageFacts] = {}
    for at, path in enumerate(paths):
        try:
            pixels = images.read(at)
            size = pixels.shape[:2]
            found[path] = ImageFacts("whole", size, 1, pixels.nbytes, digest_of(pixels))
        except ValueError as fault:
            found[path] = ImageFacts("unreadable", why=str(fault))
        if progress is not None and (at % 1000 == 999 or at + 1 == len(paths)):
            progress(at + 1, len(paths))
    return found
