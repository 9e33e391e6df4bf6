"""A detector, one stage after another, whatever the engine: what the extras are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from fvcore.common.config import CfgNode
from torch import Tensor, nn

from resdet.data.loader import to_tensor, unlabelled
from resdet.data.transforms import Image, resize_shortest_edge
from resdet.detector.build import NetworkInput, build_input
from resdet.engines.protocol import Engine
from resdet.engines.samples import Features, Sample
from resdet.modeling.predictions import Predictions, Size, decode

_NO_BOXES = np.zeros((0, 4), np.float32)


class View(NamedTuple):
    """An image at one size: what the network got, and what its trunk made of it."""

    sample: Sample
    features: Features

    @property
    def size(self) -> Size:
        """Height and width before padding."""
        height, width = self.sample["image"].shape[-2:]
        return int(height), int(width)


@dataclass(frozen=True)
class Network:
    """A model, its engine, what it is tested on, and the factors on the deltas of its boxes."""

    model: nn.Module
    engine: Engine
    input: NetworkInput
    box_weights: tuple[float, ...]

    def longest_side(self, shorter_side: int) -> int:
        """That of its input, in proportion."""
        return round(self.input.longest_side * shorter_side / self.input.shorter_side)

    def sample(
        self, image: Image, shorter_side: int, longest_side: int, *, flip: bool = False
    ) -> Sample:
        """`image`, RGB, as the network gets it, mirrored from left to right or not."""
        resized, _ = resize_shortest_edge(image, _NO_BOXES, shorter_side, longest_side)
        if flip:
            resized = np.ascontiguousarray(resized[:, ::-1])
        height, width = image.shape[:2]
        return unlabelled(to_tensor(resized, self.input.channel_order), height, width)

    def look(self, sample: Sample) -> View:
        """The first stage."""
        return View(sample, self.engine.features(self.model, [sample]))

    def propose(self, view: View) -> Tensor:
        """The second: regions (P, 4) in pixels of the view."""
        return self.engine.propose(self.model, view.features)[0]

    def describe(self, view: View, boxes: Tensor) -> Tensor:
        """The third: a vector (C,) for each of `boxes` (R, 4) in pixels of the view."""
        return self.engine.describe(self.model, view.features, [boxes])

    def predict(self, described: Tensor, boxes: Tensor) -> Predictions:
        """The last. `boxes` may be in pixels of any view: the refined ones are in the same."""
        scores, deltas = self.engine.predict(self.model, described)
        return Predictions(decode(boxes, deltas, self.box_weights), scores)


def build_network(cfg: CfgNode, model: nn.Module, engine: Engine) -> Network:
    """A model of `cfg`, stage by stage."""
    weights = tuple(cfg.MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS)
    return Network(model, engine, build_input(cfg), weights)
