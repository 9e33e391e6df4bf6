"""Engines build a detector, compute its losses and run it; all else is shared."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from backbones.plugins import HINT, nearest
from resdet.plugins import ENGINES as OTHERS
from resdet.plugins import OWN_ENGINES as ENGINES

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode
    from torch import Tensor, nn

    from resdet.engines.inference import Detector
    from resdet.engines.samples import Features, Found, Sample
    from resdet.modeling.backbone import Parts

INSTALL_DETECTRON2 = (
    "pip install --no-build-isolation 'git+https://github.com/facebookresearch/detectron2.git'"
)


class Engine(Protocol):
    """What a module in `resdet.engines`, or an engine of `resdet.register_engine`, offers."""

    NAME: str

    def build_model(self, cfg: CfgNode, parts: Parts) -> nn.Module:
        """A detector around trunk and head."""

    def compute_losses(self, model: nn.Module, batch: Sequence[Sample]) -> dict[str, Tensor]:
        """Equal keys for every batch, images without boxes included."""

    def detect(self, model: nn.Module, batch: Sequence[Sample]) -> list[Found]:
        """Boxes, labels and scores of each image, in pixels of the resized image."""

    def features(self, model: nn.Module, batch: Sequence[Sample]) -> Features:
        """First stage of `detect`: the images through the trunk."""

    def propose(self, model: nn.Module, features: Features) -> list[Tensor]:
        """Second: regions (P, 4) of each image, in pixels of the resized image."""

    def describe(self, model: nn.Module, features: Features, boxes: Sequence[Tensor]) -> Tensor:
        """Third: pooled and through the head, a vector (C,) for each box of each image."""

    def predict(self, model: nn.Module, described: Tensor) -> tuple[Tensor, Tensor]:
        """Last: probabilities (R, K + 1), background last, and deltas (R, 4 * K), float32."""

    def speed_up(self, model: nn.Module) -> None:
        """Make detection faster at the same numbers, in place; no training or saving after it."""

    def canonical_state(self, model: nn.Module) -> dict[str, Tensor]:
        """Weights under engine-free names."""

    def load_canonical_state(self, model: nn.Module, state: dict[str, Tensor], source: str) -> None:
        """Inverse of `canonical_state`; strict."""


def available() -> tuple[str, ...]:
    """The engines that can run here, the one to prefer first."""
    return ENGINES if importlib.util.find_spec("detectron2") else ("tv",)


def choose(name: str = "auto") -> str:
    """The name itself; "auto" is d2 where detectron2 is importable, else tv. Imports neither.

    Raises: ValueError if there is no such engine, or detectron2 is absent.
    """
    chosen = available()[0] if name == "auto" else name
    others = () if chosen in ENGINES else OTHERS.names()
    if chosen not in (*ENGINES, *others):
        known = ["auto", *ENGINES, *others]
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ValueError(f"--engine must be {listed}, got {name!r}{nearest(name, known) or HINT}")
    if chosen not in (*available(), *others):
        raise ValueError(
            f"--engine must be tv where detectron2 is absent, got {name!r}; --engine tv gives the "
            f"same numbers, or install detectron2: {INSTALL_DETECTRON2}"
        )
    return chosen


def load(name: str = "auto") -> Engine:
    """The engine that `choose` names. Raises: ValueError as it does."""
    chosen = choose(name)
    own = f"resdet.engines.{chosen}"
    return OTHERS.get(chosen) or cast("Engine", importlib.import_module(own))


def load_detector(*args: Any, **kwargs: Any) -> Detector:
    """See `resdet.engines.inference.load_detector`."""
    from resdet.engines import inference

    return inference.load_detector(*args, **kwargs)
