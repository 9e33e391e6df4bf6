"""What an engine offers: the seam between a detector and the library it is built of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode
    from torch import Tensor, nn

    from resdet.engines.samples import Features, RawDetections, Sample
    from resdet.modeling.parts import Parts


class Engine(Protocol):
    """What a module in `resdet.engines`, or an engine of `resdet.register_engine`, offers."""

    NAME: str

    def build_model(self, cfg: CfgNode, parts: Parts) -> nn.Module:
        """A detector around trunk and head."""

    def compute_losses(self, model: nn.Module, batch: Sequence[Sample]) -> dict[str, Tensor]:
        """Equal keys for every batch, images without boxes included."""

    def detect(self, model: nn.Module, batch: Sequence[Sample]) -> list[RawDetections]:
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
