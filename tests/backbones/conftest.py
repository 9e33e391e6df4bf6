"""Small networks whose every number matters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import backbones


@pytest.fixture
def random_network() -> Callable[..., backbones.Classifier]:
    """Create a network of a quarter of the width, its statistics, scales and biases random too."""

    def make(name: str, **options: object) -> backbones.Classifier:
        torch.manual_seed(3)
        model = backbones.create(name, **{"width": 0.25, "num_classes": 7, **options})
        for key, value in model.state_dict().items():
            if key.endswith(("running_mean", "bias")):
                value.uniform_(-0.2, 0.2)
            elif key.endswith("running_var") or (value.ndim == 1 and key.endswith("weight")):
                value.uniform_(0.5, 1.5)
        return model.eval()

    return make
