"""Engines build a detector, compute its losses and run it; all else is shared."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode
    from torch import Tensor, nn

    from resdet.engines.inference import Detector
    from resdet.engines.samples import Found, Sample
    from resdet.modeling.backbone import Parts

ENGINES = ("tv",)


class Engine(Protocol):
    """What a module in `resdet.engines` offers."""

    NAME: str

    def build_model(self, cfg: CfgNode, parts: Parts) -> nn.Module:
        """A detector around trunk and head."""

    def compute_losses(self, model: nn.Module, batch: Sequence[Sample]) -> dict[str, Tensor]:
        """Equal keys for every batch, images without boxes included."""

    def detect(self, model: nn.Module, batch: Sequence[Sample]) -> list[Found]:
        """Boxes, labels and scores of each image, in pixels of the resized image."""

    def canonical_state(self, model: nn.Module) -> dict[str, Tensor]:
        """Weights under engine-free names."""

    def load_canonical_state(self, model: nn.Module, state: dict[str, Tensor], source: str) -> None:
        """Inverse of `canonical_state`; strict."""


def available() -> tuple[str, ...]:
    """The engines that can run here."""
    return ENGINES


def load(name: str = "auto") -> Engine:
    """The engine of that name; "auto" is the first available.

    Raises: ValueError if there is no such engine.
    """
    chosen = available()[0] if name == "auto" else name
    if chosen not in ENGINES:
        raise ValueError(
            f"--engine must be auto or {' or '.join(ENGINES)}, got {name!r}; "
            "engine d2 is not written yet, tv needs no detectron2"
        )
    return cast("Engine", importlib.import_module(f"resdet.engines.{chosen}"))


def load_detector(*args: Any, **kwargs: Any) -> Detector:
    """See `resdet.engines.inference.load_detector`."""
    from resdet.engines import inference

    return inference.load_detector(*args, **kwargs)
