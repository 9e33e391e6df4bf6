"""What the file of a detector takes and gives, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backbones.export.classifier import describe_origin
from backbones.export.formats import Contract
from backbones.files.digests import file_digest
from backbones.images.decoding import Image
from backbones.vgg import Halve
from resdet.export.exportable import Exportable

INSIDE, OUTSIDE = "inside", "outside"
_HOW = (
    "shorter side to min_size, or less where the longer would pass max_size; sides rounded to the "
    "nearest pixel; cv2.INTER_AREA where a side shrinks, else INTER_LINEAR"
)
_BOXES = (
    "boxes: float32 (detections, 4), x1 y1 x2 y2 in pixels of the input, continuous, 0-based; "
    "labels: int64, from 0; scores: float32, falling"
)
_INPUT = "image"  # of a batch too, where `images` is an output
_TRACED = (192, 224)  # sides of the example: any will do where the graph resizes


@dataclass(frozen=True)
class Form:
    """The `kind` of file, who resizes, and how many images it takes at once: any number with 0,
    with None one without an axis of its own.
    """

    kind: str
    resize: str = OUTSIDE
    batch: int | None = None

    def sizes(self, detector: Exportable) -> tuple[int, int] | None:
        """Those that the graph resizes to, if it does."""
        return (detector.size, detector.max_size) if self.resize == INSIDE else None

    def given(self, detector: Exportable, images: Sequence[Image]) -> NDArray[np.uint8]:
        """What the file is given of images of one size."""
        inside = self.resize == INSIDE
        pixels = [np.ascontiguousarray(i) if inside else detector.resize(i) for i in images]
        return pixels[0] if self.batch is None else np.stack(pixels)

    def least(self, detector: Exportable) -> int:
        """Pixels a side, once it has been resized."""
        stride = max(detector.strides)
        if self.kind == "torch-export" and self.resize == OUTSIDE:
            # a map of one cell would have to stay one
            return stride + 1 if detector.multiple > 1 else 2 * stride
        halves = any(isinstance(part, Halve) for part in detector.model.modules())
        return stride if halves else 1


def contract_of(detector: Exportable, source: Path, form: Form) -> Contract:
    """Of the file of a checkpoint's detector."""
    batched, number = form.batch is not None, form.batch or "batch"
    shape = f"({number}, height, width, 3)" if batched else "(height, width, 3)"
    metadata = {
        "task": "detection",
        "class_names": json.dumps(list(detector.class_names)),
        "input": f"{_INPUT}: uint8 {shape}, RGB, {_sizes(detector, form)}",
        "outputs": _BOXES + "; images: int64, which of the batch" * batched,
        "preprocessing": json.dumps(_preprocessing(detector, form)),
        **describe_origin(source, file_digest(source)),
    }
    outputs = {"boxes": ("detections", ""), "labels": ("detections",), "scores": ("detections",)}
    if batched:
        outputs["images"] = ("detections",)
    axes, example = _traced(detector, form)
    return Contract(_INPUT, example, axes, outputs, metadata)


def _preprocessing(detector: Exportable, form: Form) -> dict[str, Any]:
    inside = ["resizing"] * (form.resize == INSIDE)
    inside += ["channel order", "mean", "standard deviation", "padding"]
    return {
        "resize": form.resize,
        "how": _HOW,
        "min_size": detector.size,
        "max_size": detector.max_size,
        "inside": ", ".join(inside),
    }


def _sizes(detector: Exportable, form: Form) -> str:
    least = form.least(detector)
    if least == 1:
        return "any size"
    return f"at least {least} pixels a side" + " once resized" * (form.resize == INSIDE)


def _traced(detector: Exportable, form: Form) -> tuple[dict[int, tuple[str, int]], torch.Tensor]:
    """The axes of the input that may have any size, and an input."""
    least, (height, width) = 1, _TRACED
    if form.resize == OUTSIDE:  # whatever the kind, torch.export traces it
        least = Form("torch-export").least(detector)
        height, width = 4 * least, 4 * least + 16
    axes = {0: ("height", least), 1: ("width", least)}
    shape: tuple[int, ...] = (height, width, 3)
    if form.batch is not None:
        axes = {axis + 1: known for axis, known in axes.items()}
        axes |= {} if form.batch else {0: ("batch", 1)}
        shape = (form.batch or 2, *shape)
    return axes, torch.randint(0, 256, shape, dtype=torch.uint8)
