"""The extras of the paper's winning entries, off unless TEST.* asks: each is a step of one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from fvcore.common.config import CfgNode
from torch import Tensor, nn

from resdet.data.transforms import Image
from resdet.detector.extras import ensemble, multiscale, refinement
from resdet.detector.extras.asked import Extras, build_extras
from resdet.detector.extras.network import Network, View, build_network
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.protocol import Engine
from resdet.engines.samples import RawDetections, Sample, in_own_pixels, to_host
from resdet.modeling.predictions import Predictions, candidates, suppress, to_size
from resdet.structures.records import Detections, Float32Array, Int64Array


@dataclass(frozen=True)
class ExtendedTest:
    """A detector, and those beside it, with extras.

    Of the boxes found those are kept that score `least_score`, overlap no better one by more than
    `overlap`, and are among the best `limit` of the image.
    """

    extras: Extras
    networks: tuple[Network, ...]
    least_score: float
    overlap: float
    limit: int

    def __call__(self, sample: Sample) -> Detections:
        """Detections of an image of its own size, `sample["image"]`."""
        pixels = np.ascontiguousarray(sample["image"].permute(1, 2, 0).cpu().numpy())
        image: Image = pixels
        if self.networks[0].input.channel_order == "BGR":
            image = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
        device = next(self.networks[0].model.parameters()).device
        for network in self.networks[1:]:
            network.model.to(device)
        views = []
        for size in self.extras.sizes or (0,):
            for flip in (False, True) if self.extras.flip else (False,):
                found, seen = self._detect(image, size, flip=flip)
                seen["image_id"] = sample["image_id"]
                views.append(in_own_pixels(to_host([found])[0], seen))
        return multiscale.merge(views, self.overlap, self.limit)

    def _detect(self, image: Image, size: int, *, flip: bool) -> tuple[RawDetections, Sample]:
        """One view, of the shorter side `size` or, if 0, each network's own."""
        firsts = [self._look(network, image, size, flip=flip) for network in self.networks]
        frame = firsts[0].size
        pyramids = [
            self._pyramid(network, first, image, flip=flip)
            for network, first in zip(self.networks, firsts)
        ]

        def predict(boxes: Tensor) -> Predictions:
            parts = []
            for network, pyramid in zip(self.networks, pyramids):
                described = multiscale.describe(network, pyramid, boxes, frame)
                parts.append(network.predict(described, boxes))
            return ensemble.mean(parts)

        predictions = predict(
            ensemble.union(
                [to_size(n.propose(v), v.size, frame) for n, v in zip(self.networks, firsts)]
            )
        )
        overlap = self.overlap
        if self.extras.refine:
            again = predict(refinement.regressed(predictions, frame))
            predictions = refinement.union(predictions, again)
            overlap = refinement.NMS_OVERLAP
        rivals = candidates(predictions, frame, self.least_score)
        found = suppress(rivals, overlap, self.limit)
        if self.extras.refine:
            found = refinement.vote(found, rivals)
        return multiscale.mirrored(found, frame) if flip else found, firsts[0].sample

    def _look(self, network: Network, image: Image, size: int, *, flip: bool) -> View:
        shorter = size or network.input.shorter_side
        longest = self.extras.longest or network.longest_side(shorter)
        return network.look(network.sample(image, shorter, longest, flip=flip))

    def _pyramid(self, network: Network, first: View, image: Image, *, flip: bool) -> list[View]:
        if not self.extras.maxout:
            return [first]
        views = []
        for size in self.extras.maxout:
            sample = network.sample(image, size, network.longest_side(size), flip=flip)
            same = sample["image"].shape == first.sample["image"].shape
            views.append(first if same else network.look(sample))
        return views


def build_extended_test(
    cfg: CfgNode, model: nn.Module, class_names: Sequence[str], engine: Engine, speed: Speed
) -> ExtendedTest:
    """A model of `cfg` with the extras it asks for.

    Raises: FileNotFoundError, ValueError for a file of TEST.ENSEMBLE that does not go with it;
        ValueError if `speed` asks for more than one image in a pass.
    """
    extras = build_extras(cfg)
    if speed.batch > 1:
        raise ValueError(
            f"--batch must be 1 with the extras of TEST ({extras}), got {speed.batch}; "
            "they look at one image at a time"
        )
    members = ensemble.load_members(extras.ensemble, engine, class_names)
    if speed.compiled:
        for member in members:
            compile_parts(member.model)
    return ExtendedTest(
        extras=extras,
        networks=(build_network(cfg, model, engine), *members),
        least_score=cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST,
        overlap=cfg.MODEL.ROI_HEADS.NMS_THRESH_TEST,
        limit=cfg.TEST.DETECTIONS_PER_IMAGE,
    )


def unresized(
    image: Image, boxes: Float32Array, labels: Int64Array, seed: Sequence[int] = (0,)
) -> tuple[Image, Float32Array, Int64Array]:
    """The transform of images that the extras resize themselves."""
    return image, boxes, labels
