"""What an exporter takes of a detector, and the detections it is held to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from backbones.images.decoding import ChannelOrder
from resdet.checkpoints import checkpoint
from resdet.data.loader import to_tensor, unlabelled
from resdet.data.transforms import Image
from resdet.detector.build import build_input, load_model
from resdet.detector.extras.asked import build_extras
from resdet.engines.registry import load
from resdet.engines.samples import in_own_pixels, to_host
from resdet.modeling.parts import is_localiser
from resdet.structures.records import Detections


@dataclass(frozen=True)
class Exportable:
    """A detector of engine tv on the CPU, norms folded, in eval mode.

    `resize` makes of an RGB image what the network gets; `detect_resized` is the plain test of such
    a one, in the pixels of the image, whose height and width it is told. `extras` names what TEST.*
    asks for beyond that, or ""; `lines` are to be told.
    Unit: pixels; `size` of the shorter side, `max_size` of the longer, `strides` of the levels
        of the RPN; sides are padded to a multiple of `multiple`.
    """

    model: nn.Module
    class_names: tuple[str, ...]
    channel_order: ChannelOrder
    size: int
    max_size: int
    strides: tuple[int, ...]
    multiple: int
    extras: str
    lines: tuple[str, ...]
    resize: Callable[[Image], Image]
    detect_resized: Callable[[Image, int, int], Detections]

    def detect(self, image: Image) -> Detections:
        """What the plain test finds."""
        return self.detect_resized(self.resize(image), *image.shape[:2])


def load_exportable(path: Path, overrides: Sequence[str] = ()) -> Exportable:
    """Of a checkpoint of either engine, or a Faster R-CNN of detectron2's.

    `overrides`: see `resdet.checkpoints.checkpoint.load`.

    Raises: FileNotFoundError; ValueError if the file is broken or no such detector.
    """
    saved = checkpoint.load(path, overrides)
    engine = load("tv")
    model, cfg, lines = load_model(saved, engine, str(path))
    if is_localiser(cfg):
        raise ValueError(
            f"{path} must be a Faster R-CNN to be exported, got a localiser "
            f"(MODEL.META_ARCHITECTURE {cfg.MODEL.META_ARCHITECTURE}); eval-loc runs it"
        )
    model.eval()
    engine.speed_up(model)
    given = build_input(cfg)
    transform, order = given.transform, given.channel_order
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)

    def resize(image: Image) -> Image:
        return np.ascontiguousarray(transform(image, *none)[0])

    @torch.inference_mode()
    def detect_resized(resized: Image, height: int, width: int) -> Detections:
        sample = unlabelled(to_tensor(resized, order), height, width)
        return in_own_pixels(to_host(engine.detect(model, [sample]))[0], sample)

    extras = build_extras(cfg)
    padding: Any = model.get_submodule("transform")
    anchors: Any = model.get_submodule("rpn.anchor_generator")
    return Exportable(
        model=model,
        class_names=saved.class_names,
        channel_order=order,
        size=given.shorter_side,
        max_size=given.longest_side,
        strides=tuple(anchors.strides),
        multiple=padding.divisibility,
        extras=str(extras) if extras else "",
        lines=tuple(lines),
        resize=resize,
        detect_resized=detect_resized,
    )
