from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer
from backbones.training.losses import ClassificationLosses, squared_hinge
from backbones.weights.checkpoint import Preprocessing

CPU = torch.device("cpu")
# two images of a pixel: white, named 1, and black, named 0
BATCH = torch.tensor([255, 0], dtype=torch.uint8).reshape(2, 1, 1, 1).repeat(1, 1, 1, 3)


def losses(**options) -> ClassificationLosses:
    plain = Preprocessing("RGB", 1.0, (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
    return ClassificationLosses(Normalizer(plain, CPU), CPU, **options)


class Bright(nn.Module):
    """Two logits: 0, and the red of the one pixel."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        red = images[:, 0, 0, 0]
        return torch.stack([torch.zeros_like(red), red], 1)


def test_cross_entropy_and_error_by_hand() -> None:
    told = []
    found = losses(watch=told.append)(Bright(), (BATCH, torch.tensor([1, 1])))
    assert found["loss_cls"].item() == pytest.approx((math.log1p(math.exp(-1)) + math.log(2)) / 2)
    assert found["train_error"].item() == 50  # of equal logits the first is named
    assert told == [found["train_error"]]


def test_squared_hinge_by_hand() -> None:
    logits = torch.tensor([[2.0, -0.5, 0.0], [0.0, 0.0, -3.0]])
    found = squared_hinge(logits, torch.tensor([0, 2]))
    # 0 + 0.5^2 + 1^2 of the first image, 1^2 + 1^2 + 4^2 of the second
    assert found.item() == pytest.approx((1.25 + 18) / 2)
    assert losses(loss="squared_hinge")(Bright(), (BATCH, torch.tensor([1, 0])))[
        "loss_cls"
    ].item() == pytest.approx((1 + 2) / 2)


def test_companions_add_their_share() -> None:
    class Twice(Bright):
        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            logits = super().forward(images)
            return logits, logits, 0 * logits

    found = losses(companion_weight=0.3)(Twice(), (BATCH, torch.tensor([1, 1])))
    own = found["loss_cls"].item()
    assert found["loss_companions"].item() == pytest.approx(0.3 * (own + math.log(2)))
    assert found["train_error"].item() == 50


def test_smoothed_labels() -> None:
    found = losses(label_smoothing=0.5)(Bright(), (BATCH[:1], torch.tensor([1])))
    assert found["loss_cls"].item() == pytest.approx(math.log1p(math.exp(-1)) + 0.25)


def test_mixed_images_have_no_error() -> None:
    told = []
    mixed = losses(mixing=Mixing(2, 0.5, 0.0), watch=told.append)
    assert set(mixed(Bright(), (BATCH, torch.tensor([1, 0])))) == {"loss_cls"}
    assert told == []
