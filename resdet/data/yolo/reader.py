"""YOLO text labels: one line for each object, its class and its box in fractions of the image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backbones.images.heads import inspect_heads
from resdet.data.image_ids import image_ids
from resdet.data.splits import ALL
from resdet.data.validate import (
    Faults,
    check_names,
    left_out,
    logger,
    number_of,
    text_lines,
    warn_thin,
)
from resdet.data.yolo.folder import MOST, YoloFolder, labels_alone, open_yolo
from resdet.structures.records import Dataset, GroundTruth, ImageRecord

_DIGITS = 6  # of a pixel: whole pixels that were divided by a size are whole again


def load_yolo(
    root: Path,
    split: str,
    *,
    class_names: Sequence[str] = (),
    name: str = "",
    listing: Path | None = None,
) -> Dataset:
    """The images of a split, of `listing`, or with "all" of every split; measured by VOC's rules.

    An image without a label file has no objects, as ultralytics has it; a `test` split without any
    is unlabelled. Polygons are taken as the boxes around them.

    Unit: boxes in pixels, rounded to 1e-6.
    Raises: ValueError listing every fault: missing files, broken lines, unknown classes.
    """
    root = Path(root)
    faults = Faults(f"YOLO data {root}, split {split!r}")
    folder = open_yolo(root)
    if folder is None:
        raise ValueError(f"{root} must hold data.yaml, obj.data, or images with labels, got none")
    images = listed_images(folder, split, listing, faults)
    classes = folder.class_names or tuple(class_names) or numbered_classes(folder)
    if class_names and tuple(class_names) != classes:
        faults.add(
            f"class names must be those of {root / folder.told_by}, {list(classes)}, "
            f"got {list(class_names)}; leave them out"
        )
    check_names(classes, "class names", faults)
    labels = [folder.label_of(image) for image in images]
    there = [label.is_file() for label in labels]
    if not any(there) and split != "test":
        faults.add(f"{labels[0]} must be the labels of {images[0]}, got none of any image")
    labelled = any(there)
    thin: list[str] = []
    polygons = 0
    records = []
    ids = image_ids(root, images)
    hint = hint_of(folder, classes)
    for at, fact in enumerate(inspect_heads([str(image) for image in images])):
        height, width = fact.size or (0, 0)
        rows: list[list[float]] = []
        if there[at]:
            rows, count = read_labels(labels[at], len(classes), folder.keypoints, faults, hint)
            polygons += count
        truth = scaled(rows, height, width)
        thin += [
            f"{labels[at]}: {classes[label]} {box.tolist()}"
            for box, label in zip(truth.boxes, truth.labels.tolist(), strict=True)
            if fact.size and (box[2:] - box[:2] <= 1).any() and label < len(classes)
        ]
        records.append(ImageRecord(ids[at], images[at], height, width, truth if labelled else None))
    faults.raise_any()
    if polygons:
        logger.warning("%s, split %r: polygons: %d, taken as their boxes", root, split, polygons)
    warn_thin(f"{root}, split {split!r}", thin)
    own = name or f"yolo:{root}:{split}"
    lost = tuple(f"{root}: {line}" for line in lost_labels(folder))
    return Dataset(own, "voc", classes, tuple(records), root, split=split, remarks=lost)


def open_splits(
    root: Path, splits: Sequence[str], class_names: Sequence[str]
) -> tuple[YoloFolder, tuple[str, ...], dict[str, list[Path]], Faults]:
    """(the data, its class names, the images of `splits`, by default of all, what is amiss there).

    Raises: ValueError if there is no such data or split.
    """
    folder = open_yolo(root)
    if folder is None:
        raise ValueError(f"{root} must hold YOLO data, got none")
    names = folder.class_names or tuple(class_names) or numbered_classes(folder)
    faults = Faults(str(root))
    listed = {s: listed_images(folder, s, None, faults) for s in splits or folder.splits}
    return folder, names, listed, faults


def listed_images(
    folder: YoloFolder, split: str, listing: Path | None, faults: Faults
) -> list[Path]:
    """The images of a split, in the order of the files that name them."""
    if listing is not None:
        split, told = listing.stem, folder.root
        known = {str(p.relative_to(told)): p for paths in folder.splits.values() for p in paths}
        if not listing.is_file():
            faults.add(f"{listing} must be a list of images, got none; make the split anew")
            faults.raise_any()
        lines = text_lines(listing)
        for line in lines:
            if line not in known:
                faults.add(f"{listing} must list images of {told}, got {line!r}; drop the line")
        images = [known[line] for line in lines if line in known]
    elif split == ALL:
        images = list(dict.fromkeys(p for paths in folder.splits.values() for p in paths))
    else:
        images = list(folder.splits.get(split, ()))
        if split not in folder.splits:
            known_splits = ", ".join(folder.splits) or "none"
            faults.add(f"split must be one of {known_splits}, got {split!r}; see {folder.told_by}")
    if not images and not faults.found:
        faults.add(f"split {split!r} must have an image, got none; see {folder.told_by}")
    faults.raise_any()
    return images


def lost_labels(folder: YoloFolder) -> list[str]:
    """A line for labels that are of no image, or none."""
    return left_out(labels_alone(folder), "labels without an image")


def hint_of(folder: YoloFolder, classes: Sequence[str]) -> str:
    """What is said of a class that is none of `classes`."""
    told = folder.told_by if folder.class_names else "--classes"
    return f"{told} names {', '.join(classes)}; mend the line, or name the class there"


def numbered_classes(folder: YoloFolder) -> tuple[str, ...]:
    """class_0, class_1, ... up to the greatest number in any label, as ultralytics calls them."""
    unread = Faults("")
    images = dict.fromkeys(image for images in folder.splits.values() for image in images)
    labels = [label for image in images if (label := folder.label_of(image)).is_file()]
    rows = [row for file in labels for row in read_labels(file, 1 << 16, False, unread)[0]]
    return tuple(
        f"class_{number}" for number in range(int(max((r[0] for r in rows), default=0)) + 1)
    )


def read_labels(
    file: Path, num_classes: int, keypoints: bool, faults: Faults, hint: str = ""
) -> tuple[list[list[float]], int]:
    """([class, x, y, width, height] of each object, how many of them were polygons).

    `hint`: what is said of a class that is none.
    Unit: x and y are the centre, all four fractions of the image.
    """
    try:
        lines = text_lines(file)
    except ValueError as fault:
        faults.add(str(fault))
        return [], 0
    rows, polygons = [], 0
    for number, line in enumerate(lines, start=1):
        words = line.split()
        values = [number_of(word) for word in words]
        wrong = fault_of(words, values, num_classes, keypoints, hint)
        if wrong:
            faults.add(f"{file}, line {number}: {wrong}")
        elif len(values) == 5 or keypoints:
            rows.append(values[:5])
        else:
            polygons += 1
            rows.append([values[0], *around(values[1:])])
    return rows, polygons


def fault_of(
    words: Sequence[str], values: Sequence[float], classes: int, keypoints: bool, hint: str
) -> str:
    """What is wrong with one line, or nothing."""
    many = len(values)
    if not (many == 5 or (keypoints and many > 5) or (many >= 7 and many % 2)):
        hint = "; six numbers are a prediction with its score" if many == 6 else ""
        return f"must be class x y width height, or class and a polygon, got {many} words{hint}"
    if not (values[0] >= 0 and values[0].is_integer() and values[0] < classes):
        return f"class must be 0 to {classes - 1}, got {words[0]!r:.40}; {hint}"
    is_box = keypoints or many == 5
    for word, value in zip(words[1:], values[1:5] if is_box else values[1:]):
        if not abs(value) <= MOST:
            return (
                f"numbers must be fractions of the image, 0 to 1, got {word!r:.40}; "
                "divide pixels by width or height"
            )
    if is_box and min(values[3:5]) < 0:
        return f"width and height must be 0 or more, got {words[3]} {words[4]}; mend the line"
    return ""


def around(points: Sequence[float]) -> list[float]:
    """The box around a polygon: its centre, width and height."""
    x, y = points[0::2], points[1::2]
    low, high = (min(x), min(y)), (max(x), max(y))
    return [
        (low[0] + high[0]) / 2,
        (low[1] + high[1]) / 2,
        high[0] - low[0],
        high[1] - low[1],
    ]


def scaled(rows: Sequence[Sequence[float]], height: int, width: int) -> GroundTruth:
    """Fractions -> boxes in pixels."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    centres, half = table[:, 1:3], table[:, 3:5] / 2
    corners = np.concatenate([centres - half, centres + half], axis=1)
    boxes = np.round(corners * [width, height, width, height], _DIGITS) + 0.0
    return GroundTruth(boxes, table[:, 0].astype(np.int64))
