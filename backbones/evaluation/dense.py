"""A classifier slid over images of any size, at several scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.data.transforms import scale_shorter_side
from backbones.evaluation.scores import Views
from backbones.features import Classifier
from backbones.images.decoding import Image
from backbones.peers.parts import Peer
from backbones.vgg import POOLED_SIZE, VGG

# Unit: pixels of the shorter side, for crops of 224. Source: He et al. 2016, Section 3.4.
PAPER_SCALES = (224, 256, 384, 480, 640)
PAPER_CROP = 224


class FullyConvolutional(nn.Module):
    """The network that takes crops of `crop_size`, at every place of its last map at once.

    The average pool spans the last map of one crop and moves by one place; the linear layers
    become convolutions; another head takes each place by itself. The scores of all places are
    averaged. One place is the network itself.

    Shape: (N, 3, H, W) -> (N, num_classes) logits, H and W at least crop_size.
    Raises: ValueError for smaller images.
    Source: Simonyan and Zisserman 2015, Section 3.2; He et al. 2016, Section 3.4.
    """

    def __init__(self, model: Classifier, crop_size: int) -> None:
        super().__init__()
        self.model = model.eval()
        self.crop_size = crop_size
        self._last = list(model.stages())[-1]
        with torch.no_grad():
            crop = next(model.parameters()).new_zeros(1, 3, crop_size, crop_size)
            window = int(self._last_map(crop).shape[-1])
            self._scores: Callable[[Tensor], Tensor] = _at_places(model, window)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, averaged over places."""
        return self.score_map(x).mean((2, 3))

    def score_map(self, x: Tensor) -> Tensor:
        """Logits of every place: (N, 3, H, W) -> (N, num_classes, places down, places across)."""
        self.check_size(min(x.shape[-2:]))
        return self._scores(self._last_map(x))

    def check_size(self, shorter_side: int) -> None:
        """Raise a ValueError if images of `shorter_side` are smaller than a crop."""
        if shorter_side < self.crop_size:
            raise ValueError(
                f"scale must be at least the crop size {self.crop_size}, got {shorter_side}; "
                "leave that scale out, or give a network trained on smaller crops"
            )

    def _last_map(self, x: Tensor) -> Tensor:
        x = self.model.features(x, (self._last,))[self._last]
        return F.max_pool2d(x, 2) if isinstance(self.model, VGG) else x  # pool5


def _at_places(model: Classifier, window: int) -> Callable[[Tensor], Tensor]:
    """From the last map to the logits of every place of `window`."""
    if isinstance(model, Peer):
        return partial(_head_at_places, model, window)
    classifier = model.get_submodule(model.classifier_names[0])
    to_places: Callable[[Tensor], Tensor] = (
        partial(_hidden_layers, model, fc6_kernel(model.fc6.weight, window))
        if isinstance(model, VGG)
        else nn.AvgPool2d(window, stride=1)
    )
    return lambda x: _linear_at_places(classifier, to_places(x))


def fc6_kernel(weight: Tensor, window: int) -> Tensor:
    """The weights of fc6 as a kernel that spans a map of `window`, its pooling to 7x7 included.

    Shape: (hidden, channels * 49) -> (hidden, channels, window, window).
    """
    weight = weight.reshape(len(weight), -1, POOLED_SIZE, POOLED_SIZE)
    if window == POOLED_SIZE:
        return weight
    places = torch.eye(window**2, dtype=weight.dtype, device=weight.device)
    pooled = F.adaptive_avg_pool2d(places.reshape(-1, window, window), POOLED_SIZE)
    kernel = torch.einsum("ocyx,pyx->ocp", weight, pooled)
    return kernel.reshape(*weight.shape[:2], window, window)


def scales_for(crop_size: int) -> tuple[int, ...]:
    """The paper's scales in proportion to the crop: 224, 256, 384, 480, 640 for 224."""
    return tuple(round(scale * crop_size / PAPER_CROP) for scale in PAPER_SCALES)


def scaled_views(image: Image, *, scales: Sequence[int]) -> Views:
    """The whole image at every shorter side of `scales`, each (2, H, W, 3): itself and flipped."""
    scaled = [scale_shorter_side(image, scale) for scale in scales]
    return tuple(np.stack((view, view[:, ::-1])) for view in scaled)


def _head_at_places(model: Peer, window: int, x: Tensor) -> Tensor:
    """A row of places at a time, so that memory grows with one side of the map."""
    rows = x.unfold(2, window, 1).unfold(3, window, 1).movedim(3, 1)  # (N, across, C, down, ..)
    scores = [model.head(rows[:, :, :, i].flatten(0, 1)) for i in range(rows.shape[3])]
    return torch.stack([row.reshape(*rows.shape[:2], -1) for row in scores], 1).movedim(3, 1)


def _hidden_layers(model: VGG, kernel: Tensor, x: Tensor) -> Tensor:
    x = F.relu_(F.conv2d(x, kernel, model.fc6.bias))
    return F.relu_(_linear_at_places(model.fc7, x))


def _linear_at_places(linear: nn.Module, x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, out, H, W)."""
    return linear(x.movedim(1, -1)).movedim(-1, 1)
