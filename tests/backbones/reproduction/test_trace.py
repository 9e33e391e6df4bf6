"""What ran, in its order, and what a shortcut goes around."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import backbones
from backbones.reproduction.trace import IMAGE, WEIGHTED, Layer, Shortcut, shortcuts, trace, trunk


def traced(name: str, size: int = 224, **options: str) -> list[Layer]:
    with torch.device("meta"):
        network = backbones.create(name, num_classes=10, **options)
    return trace(network, (3, size, size))


def test_a_block_is_what_its_forward_does() -> None:
    with torch.device("meta"):
        block = backbones.create("resnet18", num_classes=10).get_submodule("res3.0")
    layers = trace(block, (64, 8, 8))
    kinds = ["conv", "norm", "relu", "conv", "norm", "conv", "norm", "sum", "relu"]
    assert [layer.kind for layer in layers] == kinds
    assert [layers[at].name for at in trunk(layers) if layers[at].name] == ["conv1", "conv2"]
    assert layers[0] == Layer("conv", (128, 4, 4), (IMAGE,), kernel=3, stride=2, name="conv1")
    assert layers[5].sources == (IMAGE,)
    assert layers[7].sources == (4, 6)
    assert shortcuts(layers) == [Shortcut(IMAGE, 4, grows=False)]


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_shortcuts_grow_where_stages_begin(shortcut: str) -> None:
    layers = traced("resnet34", shortcut=shortcut)
    found = shortcuts(layers)
    assert [layers[one.ends].output[0] for one in found if one.grows] == [128, 256, 512]
    assert len(found) == 16
    assert sum(layers[at].kind in WEIGHTED for at in trunk(layers)) == 34


def test_pools_are_seen_and_those_that_change_nothing_are_not() -> None:
    layers = traced("vgg16")
    assert [layer.size for layer in layers if "pool" in layer.kind] == [112, 56, 28, 14, 7]
    assert not shortcuts(layers)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Layer("conv", (64, 8, 8), (IMAGE,), kernel=7, stride=2), "7x7 conv, 64, /2"),
        (Layer("fc", (10,), (IMAGE,)), "fc 10"),
        (Layer("pool", (64, 8, 8), (IMAGE,), kernel=3, stride=2), "pool, /2"),
        (Layer("norm", (64, 8, 8), (IMAGE,)), "batch norm"),
    ],
)
def test_a_layer_is_written_as_in_the_paper(layer: Layer, text: str) -> None:
    assert str(layer) == text


def test_a_network_is_left_as_it_was() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()).train()
    assert [layer.kind for layer in trace(network, (3, 4, 4))] == ["conv", "relu"]
    assert network.training
