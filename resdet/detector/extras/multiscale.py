"""Regions read at two adjacent scales of an image pyramid; detections of several views merged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from resdet.detector.extras.network import Network, View
from resdet.engines.samples import RawDetections
from resdet.modeling.predictions import Size, suppress, to_size
from resdet.structures.records import Detections

# A region suits a scale at which its side is 224 pixels, as the networks saw objects on ImageNet,
# where images are tested at 600; elsewhere in proportion. Source: He et al. 2014, Spatial Pyramid
# Pooling, section 4.2.
SUITABLE_SIDE = 224 / 600
LEAST_SCORE = 1e-8  # detectron2's, of detections that are merged


def describe(network: Network, pyramid: Sequence[View], boxes: Tensor, frame: Size) -> Tensor:
    """Each region's vector at the two scales that suit it, the larger number of each channel.

    `pyramid`: one image at rising sizes; `boxes` (R, 4) in pixels of it at the size `frame`.
    Source: He et al. 2016, Appendix B, "Multi-scale testing"; Ren et al. 2015, Object detection
        networks on convolutional feature maps, section 4.3 (maxout).
    """
    views = [(view, to_size(boxes, frame, view.size)) for view in pyramid]
    if len(views) == 1:
        view, there = views[0]
        return network.describe(view, there)
    lower = first_of_pair([there for _, there in views], SUITABLE_SIDE * network.input.shorter_side)
    described: Tensor | None = None
    for index, pair in enumerate(pairwise(views)):
        which = torch.where(lower == index)[0]
        if not len(which):
            continue
        low, high = (network.describe(view, there[which]) for view, there in pair)
        if described is None:
            described = low.new_zeros(len(boxes), low.shape[1])
        described[which] = torch.maximum(low, high)
    if described is None:  # no region
        return network.describe(pyramid[0], boxes)
    return described


def first_of_pair(boxes: Sequence[Tensor], suitable: float) -> Tensor:
    """The lower of the two adjacent scales between which a region comes nearest to `suitable`.

    Shape: S tensors (R, 4), the boxes at rising scales -> (R,) in [0, S - 2].
    Unit: `suitable` in pixels, of the root of a box's area.
    """
    sides = torch.stack([(b[:, 2:] - b[:, :2]).clamp(min=1e-3).prod(1).sqrt() for b in boxes])
    middles = (sides[:-1] * sides[1:]).sqrt()
    return (middles / suitable).log().abs().argmin(0)


def mirrored(found: RawDetections, size: Size) -> RawDetections:
    """What was found in the mirrored image, in pixels of the image."""
    boxes, labels, scores = found
    width = size[1]
    return (
        boxes[:, [2, 1, 0, 3]] * boxes.new_tensor([-1, 1, -1, 1])
        + boxes.new_tensor([width, 0, width, 0]),
        labels,
        scores,
    )


def merge(views: Sequence[Detections], overlap: float, limit: int) -> Detections:
    """The union of what was found in several views of one image, suppressed; of one, as it is.

    Source: detectron2's GeneralizedRCNNWithTTA.
    """
    if len(views) == 1:
        return views[0]
    boxes, labels, scores = (
        torch.from_numpy(np.concatenate([getattr(view, name) for view in views]))
        for name in ("boxes", "labels", "scores")
    )
    sure = scores > LEAST_SCORE
    found = suppress((boxes[sure], labels[sure], scores[sure]), overlap, limit)
    return Detections(views[0].image_id, *(column.numpy() for column in found))
