"""Networks without numbers: what they are made of is known, and nothing is drawn for it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

import backbones
from backbones.machine.outline import outline


def _shapes(model: nn.Module) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in model.state_dict().items()}


@pytest.mark.parametrize("name", ["resnet18", "vgg16", "cifar_resnet20", "highway19"])
def test_it_has_the_shapes_of_the_network(name: str) -> None:
    with outline():
        model = backbones.create(name, num_classes=7)
    assert all(value.is_meta for value in model.state_dict().values())
    assert _shapes(model) == _shapes(backbones.create(name, num_classes=7))


def test_no_random_number_is_drawn() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    with outline():
        layer = nn.Linear(3, 5)
        nn.init.normal_(layer.weight, std=2)
        nn.init.trunc_normal_(layer.weight)
        assert layer.weight.uniform_(0, 1) is layer.weight
        assert nn.init.kaiming_normal_(layer.weight) is layer.weight
    assert torch.equal(torch.rand(4), expected)
    assert nn.init.normal_(torch.zeros(100)).std() > 0.1


def test_it_needs_no_compiler() -> None:
    code = """
import sys
import torch
from backbones import create
from backbones.machine.outline import outline
with outline():
    create("resnet18", num_classes=2)
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
