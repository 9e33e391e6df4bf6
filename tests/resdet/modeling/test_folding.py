"""Norms of a detector's parts, folded where they can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from resdet.modeling.folding import fold
from resdet.modeling.heads import Conv5Head


@pytest.mark.parametrize("norm", ["bn", "frozen", "gn"])
def test_trunk_and_conv5_say_the_same_without_norms(norm: str, random_network: Callable) -> None:
    network = random_network("resnet18", norm=norm)
    parts = nn.ModuleList([network.trunk("res4"), Conv5Head(network.res5, 128)]).eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        features = parts[0](x)["res4"]
        expected = parts[1](features)
        fold(parts)
        torch.testing.assert_close(parts[0](x)["res4"], features, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(parts[1](features), expected, atol=1e-4, rtol=1e-4)
    left = [m for n, m in parts.named_modules() if n.rpartition(".")[2].startswith("norm")]
    assert left
    assert {type(m) for m in left} == {nn.GroupNorm if norm == "gn" else nn.Identity}


def test_a_part_with_one_other_norm_is_left_as_it_is(random_network: Callable) -> None:
    trunk = random_network("resnet18").trunk("res3")
    trunk.res3[1].norm2 = nn.GroupNorm(2, trunk.stage_infos()["res3"].channels)
    fold(trunk)
    assert isinstance(trunk.stem.norm1, nn.BatchNorm2d)
