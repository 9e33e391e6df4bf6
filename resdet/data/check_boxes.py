"""What can be wrong with boxes and sizes, whatever file they are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backbones.images.check_report import Kind, Report
from backbones.images.inspect import ImageFacts
from resdet.data.turned import is_turned
from resdet.data.validate import unheard
from resdet.structures import boxes as box
from resdet.structures.boxes import FloatArray
from resdet.structures.corners import VOC

Origin = Literal["voc", "coco"]

BROKEN = Kind("broken annotation", "error", "annotations that cannot be read")
UNKNOWN_CLASS = Kind(
    "unknown class", "error", "objects of no known class", "rename them, or list the class"
)
UNANNOTATED = Kind(
    "no annotation",
    "error",
    "listed images without an annotation",
    "add it, or take the image off the list; --fix writes one without objects",
)
WITHOUT_IMAGE = Kind(
    "no image", "warning", "annotations without an image", "left out; restore the images"
)
NOT_ANNOTATED = Kind(
    "not annotated", "warning", "images without annotation", "left out; annotate them"
)
TWICE = Kind("listed twice", "warning", "images listed more than once", "drop one line")
UNLISTED = Kind("in no split", "note", "images or annotations that are in none of these splits")
SAME_NAME = Kind(
    "same name",
    "warning",
    "images whose names differ in the suffix alone, of which one is read",
    "remove one",
)
WITHOUT_OBJECTS = Kind(
    "no objects", "note", "images without an object", "they are trained on as background"
)
_NEITHER = "an evaluation counts them neither as found nor as missed"
DIFFICULT = Kind("difficult", "note", "objects marked as difficult", _NEITHER)
CROWD = Kind("crowd", "note", "objects marked as a crowd", _NEITHER)
TURNED = Kind(
    "annotated before EXIF",
    "error",
    "images that their EXIF data rotates, with boxes drawn before that",
    "--fix rotates the boxes too",
)
SIZE = Kind(
    "other size", "warning", "annotated sizes that are not the image's", "the image's own is taken"
)
SIZE_AND_BOXES = Kind(
    "other image",
    "error",
    "annotated sizes that are not the image's, with boxes that do not fit into it",
    "restore the image that was annotated; --fix scales boxes where the shape is the same",
)
TURNED_BOX = Kind(
    "turned box",
    "warning",
    "objects turned by an attribute, of which the box before the turn is read",
    "--fix takes the box around them",
)
INVERTED = Kind("inverted box", "error", "boxes with corners swapped", "--fix swaps them back")
AWAY = Kind("box outside", "error", "boxes wholly outside their image", "--fix drops them")
EMPTY = Kind(
    "empty box",
    "warning",
    "boxes with a side of at most one pixel",
    "training leaves them out, evaluation counts them",
)
OVER = Kind(
    "box over the edge", "warning", "boxes that reach beyond their image", "training clips them"
)
EDGE = Kind("box over by one", "note", "boxes over the edge by at most one pixel")
REPEATED = Kind("repeated box", "warning", "objects annotated twice, with one class and one box")
ORIGIN = Kind(
    "origin",
    "warning",
    "boxes that seem to be off by one pixel",
    "see what wrote them, and shift them by one pixel if it counts so",
)


@dataclass(frozen=True)
class Item:
    """One image as annotated; `place` names its annotation in messages.

    Without `labelled` nothing is known of its objects. Of each object, () where of none:
    `difficult`, `crowd`, `angles`, by how many degrees it is turned. `corners`: how VOC's file
    counts.

    Shape: boxes (N, 4) float64 xyxy, continuous, 0-based, corners perhaps swapped.
    Unit: size is (height, width) in pixels, None where the annotation tells none.
    """

    place: str
    path: str
    size: tuple[int, int] | None
    names: list[str]
    boxes: FloatArray
    labelled: bool = True
    difficult: Sequence[bool] = ()
    crowd: Sequence[bool] = ()
    corners: str = VOC
    angles: Sequence[float] = ()


def frame_of(item: Item, fact: ImageFacts | None) -> tuple[int, int] | None:
    """(height, width) that the boxes were drawn in: the image's if they fit, or it alone is known.

    Else the annotation's.
    """
    if fact is not None and (item.size is None or size_kind(item, fact) is SIZE):
        return fact.size
    return item.size


def size_kind(item: Item, fact: ImageFacts | None) -> Kind | None:
    """What a size that is not the image's means; None where it is, or either is not known."""
    if fact is None or fact.size is None or item.size is None or item.size == fact.size:
        return None
    if item.size == fact.stored:
        return TURNED
    height, width = fact.size
    ends = item.boxes[:, [0, 2, 1, 3]].reshape(-1, 2, 2).max((0, 2), initial=0)
    return SIZE if ends[0] <= width + 1 and ends[1] <= height + 1 else SIZE_AND_BOXES


def tell_boxes(
    report: Report, items: Sequence[Item], facts: Mapping[str, ImageFacts], origin: Origin
) -> None:
    """Adds what is wrong with the sizes and boxes of all items together."""
    framed = []
    for item in items:
        fact = facts.get(item.path)
        kind = size_kind(item, fact)
        if kind is not None and fact is not None and item.size and fact.size:
            (height, width), (high, wide) = item.size, fact.size
            report.add(kind, f"{item.place}: {width}x{height}, {item.path} is {wide}x{high}")
        if item.labelled and not len(item.boxes):
            report.add(WITHOUT_OBJECTS, item.place)
        for kind, flags in ((DIFFICULT, item.difficult), (CROWD, item.crowd)):
            for at in np.flatnonzero(flags).tolist():
                report.add(kind, _example(item, at, item.boxes[at], origin))
        for number, angle in enumerate(item.angles):
            if is_turned(angle):
                example = _example(item, number, item.boxes[number], origin)
                report.add(TURNED_BOX, f"{example}, {angle:g} degrees")
        frame = frame_of(item, fact)
        if frame is not None and len(item.boxes):
            framed.append((item, frame))
    if not framed:
        return
    counts = [len(item.boxes) for item, _ in framed]
    boxes = np.concatenate([item.boxes for item, _ in framed])
    limits = np.repeat([(w, h, w, h) for _, (h, w) in framed], counts, axis=0).astype(np.float64)
    owners = np.repeat(np.arange(len(framed)), counts)
    starts = np.cumsum([0, *counts])
    for kind, mask in box_faults(boxes, limits):
        for row in np.flatnonzero(mask).tolist():
            item = framed[owners[row]][0]
            number = row - int(starts[owners[row]])
            report.add(kind, _example(item, number, boxes[row], origin))
    for item, _ in framed:
        for number in _repeated(item):
            report.add(REPEATED, _example(item, number, item.boxes[number], origin))
    if origin == "voc":
        devkits = np.repeat([item.corners == VOC for item, _ in framed], counts)
        evidence = _voc_origin(boxes[devkits], limits[devkits])
    else:
        evidence = _coco_origin(boxes, limits)
    if evidence:
        report.add(ORIGIN, evidence)


def box_faults(boxes: FloatArray, limits: FloatArray) -> Iterator[tuple[Kind, NDArray[np.bool_]]]:
    """Each box under the gravest of its faults; limits (N, 4) are the corners of its image."""
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    inverted = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    away = ((high <= 0) | (low >= limits[:, 2:])).any(axis=1)
    over = np.maximum(-low, high - limits[:, 2:]).max(axis=1)
    thin = (high - low <= 1).any(axis=1)
    told = np.zeros(len(boxes), bool)
    found = (
        (INVERTED, inverted),
        (AWAY, away),
        (EMPTY, thin),
        (OVER, over > 1),
        (EDGE, over > 0),
    )
    for kind, mask in found:
        yield kind, mask & ~told
        told |= mask


def tell_readers(report: Report, readers: Sequence[Callable[[], object]]) -> None:
    """What has no error is read as training reads it: it must have none there either."""
    if report.total("error"):
        return
    with unheard():
        for read in readers:
            try:
                read()
            except ValueError as fault:
                report.add(BROKEN, " ".join(str(fault).split()))  # a reader lists, over lines


def _repeated(item: Item) -> list[int]:
    seen: set[tuple[object, ...]] = set()
    found = []
    for number, (name, corners) in enumerate(zip(item.names, item.boxes.tolist(), strict=True)):
        key = (name, *corners)
        if key in seen:
            found.append(number)
        seen.add(key)
    return found


def _example(item: Item, number: int, corners: FloatArray, origin: Origin) -> str:
    name = item.names[number] if number < len(item.names) else "?"
    rows = corners[None]
    written = box.to_voc(rows, item.corners) if origin == "voc" else box.to_xywh(rows)
    return f"{item.place}: {name} {[round(float(value), 2) for value in written[0]]}"


def _voc_origin(boxes: FloatArray, limits: FloatArray) -> str:
    """VOC counts from 1 up to the size itself: a 0 is a sign of another count."""
    written = box.to_voc(boxes)
    zeros, ones = (int((written[:, :2] == at).sum()) for at in (0, 1))
    if not zeros:
        return ""
    ends, before = (int((written[:, 2:] == limits[:, 2:] - less).sum()) for less in (0, 1))
    count = "from 0 to the size itself" if ends >= before else "from 0 to one below the size"
    return (
        f"near corners: {zeros} at 0, {ones} at 1; far corners: {ends} at the size, {before} one "
        f"below: counted {count}, where VOC counts from 1"
    )


def _coco_origin(boxes: FloatArray, limits: FloatArray) -> str:
    """COCO measures from 0 to the size: none at 0 and several just beyond it are a sign."""
    zeros, ones = (int((np.abs(boxes[:, :2] - at) < 0.01).sum()) for at in (0, 1))
    ends, after = (
        int((np.abs(boxes[:, 2:] - limits[:, 2:] - more) < 0.01).sum()) for more in (0, 1)
    )
    if zeros or after < 3 or after <= ends:
        return ""
    return (
        f"near corners: none at 0, {ones} at 1; far corners: {ends} at the size, {after} one "
        "beyond: counted from 1, where COCO measures from 0"
    )
