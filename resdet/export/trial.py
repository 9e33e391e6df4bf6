"""An exported detector at work, held to the one that it was made of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backbones.export.formats import Run
from backbones.images.decoding import Image
from resdet.export import resizing
from resdet.export.exportable import Exportable
from resdet.export.form import INSIDE, Form
from resdet.export.graph import DetectorGraph
from resdet.export.pairing import Difference, compare, larger_pixels, untied
from resdet.structures import boxes as box_ops
from resdet.structures.records import Detections, ImageId

Row = tuple[str, tuple[int, ...], Difference]
Named = Sequence[tuple[str, Image]]

_GREY = 114


def by_file(
    detector: Exportable, form: Form, run: Run, image_id: ImageId, image: Image
) -> Detections:
    """What a file finds in an image, in the pixels of that."""
    return _found(detector, form, run, image_id, [image] * (form.batch or 1))[0]


def _found(
    detector: Exportable, form: Form, run: Run, image_id: ImageId, images: Sequence[Image]
) -> list[Detections]:
    given = form.given(detector, images)
    boxes, labels, scores, *which = run(given)
    height, width = images[0].shape[:2]
    if form.resize != INSIDE:
        sides = given.shape[-2], given.shape[-3]
        scale = np.array([width / sides[0], height / sides[1]] * 2, np.float32)
        boxes = box_ops.clip(boxes * scale, height, width)
    if not which:
        return [Detections(image_id, boxes, labels, scores)]
    masks = [which[0] == at for at in range(len(images))]
    return [Detections(image_id, boxes[mask], labels[mask], scores[mask]) for mask in masks]


def differences(
    detector: Exportable,
    form: Form,
    graph: DetectorGraph,
    run: Run,
    named: Iterator[tuple[str, Image]],
) -> Iterator[Row]:
    """Image after image; a batch is of the image and of the same turned about."""
    number = 1 if form.batch is None else form.batch or 2
    for name, image in named:
        turned = image[::-1, ::-1].copy()
        images = [turned if at % 2 else image for at in range(number)]
        found = _found(detector, form, run, 0, images)
        for at, one, theirs in zip(range(2), images, found):
            given = resized(detector, form, one)
            ours = detector.detect_resized(given, *one.shape[:2])
            known = partial(by_file, detector, form, partial(candidates, graph), 0, one)
            pixels = larger_pixels(one.shape, given.shape)
            difference = held(detector, ours, theirs, pixels, known)
            yield name + " turned" * at, detector.resize(image).shape, difference


def held(
    detector: Exportable,
    ours: Detections,
    theirs: Detections,
    pixels: NDArray[np.float64],
    known: Callable[[], Detections],
) -> Difference:
    """What another way finds in an image against what torch does, ties aside; see `untied`."""
    heads: Any = detector.model.get_submodule("roi_heads")
    limits = heads.score_thresh, heads.detections_per_img, pixels
    difference = compare(ours, theirs, *limits)
    if difference.small:
        return difference
    return compare(ours, untied(ours, theirs, known(), heads.nms_thresh, pixels), *limits)


def resized(detector: Exportable, form: Form, image: Image) -> Image:
    """As the file does it: then the rest is held to its own bounds.

    Raises: ValueError if it does it otherwise than OpenCV by more than rounding.
    """
    ours = detector.resize(image)
    if form.resize != INSIDE:
        return ours
    height, width = image.shape[:2]
    height, width = resizing.target_size(height, width, detector.size, detector.max_size)
    pixels = resizing.resize(torch.from_numpy(image)[None], height, width)
    theirs = pixels[0].permute(1, 2, 0).numpy()
    same = theirs.shape == ours.shape
    if not same or np.abs(theirs - ours).max() > 1:
        raise ValueError(
            "resizing must give OpenCV's pixels to one grey level, got "
            f"{np.abs(theirs - ours).max() if same else theirs.shape} of {image.shape}; "
            "export with --resize outside"
        )
    return np.ascontiguousarray(theirs, np.uint8)


def candidates(graph: DetectorGraph, given: NDArray[np.uint8]) -> list[Any]:
    """What is there of an image before the last suppression, as each class."""
    images = torch.from_numpy(given)
    with torch.no_grad():
        _, score, own = graph.candidates(images.reshape(-1, *images.shape[-3:]))
    _, label, _ = index = torch.where(score > 0)
    return [column.numpy() for column in (own[index], label, score[index])]


def of_few(
    detector: Exportable, named: Named, found: Sequence[Detections]
) -> Iterator[tuple[str, Image]]:
    """A picture of nothing and one of one object, where the detector sees them so.

    Grey, and grey with what it is surest of in each of the images, of `found` there.
    """
    shapes = sorted({image.shape for _, image in named})
    tried = [("grey", np.full(shapes[0], _GREY, np.uint8))]
    for (name, image), seen in zip(named, found):
        for box in seen.boxes[:1]:
            x1, y1, x2, y2 = box.astype(int)
            alone = np.full_like(image, _GREY)
            alone[y1 : y2 + 1, x1 : x2 + 1] = image[y1 : y2 + 1, x1 : x2 + 1]
            tried.append((f"of {name}", alone))
    told = {0: "nothing", 1: "one object"}
    for name, image in tried:
        if word := told.pop(len(detector.detect(image)), ""):
            yield f"{word}, {name}", image


@contextlib.contextmanager
def threshold(detector: Exportable, score: float) -> Iterator[float]:
    """Let the detector tell what scores above another threshold; the one before."""
    heads: Any = detector.model.get_submodule("roi_heads")
    before: float = heads.score_thresh
    try:
        heads.score_thresh = score
        yield before
    finally:
        heads.score_thresh = before


def all_scores(detector: Exportable, named: Named) -> list[np.ndarray[Any, Any]]:
    """Of each image, of whatever is found there at all."""
    with threshold(detector, 0.0):
        return [detector.detect(image).scores for _, image in named]
