"""Names of weights, and weights that must fit."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from resdet.modeling.weights import load_strictly, rename


def test_rename_refuses_a_key_without_prefix() -> None:
    state = {"a.x": torch.zeros(1), "z": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"weights of f\.pth must begin with \['a\.'\], got z"):
        rename(state, [("a.", "b.")], "f.pth")


def test_strict_loading_lists_every_difference_and_changes_nothing() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.clone()
    with pytest.raises(ValueError, match="missing: bias") as caught:
        load_strictly(layer, {"weight": torch.zeros(3, 2), "stranger": torch.zeros(1)}, "f.pth")
    text = str(caught.value)
    assert "unknown: stranger" in text
    assert "weight must be (2, 2), got (3, 2)" in text
    assert "f.pth" in text
    assert torch.equal(layer.weight, before)


def test_rename_takes_the_first_prefix_that_fits() -> None:
    state = {"a.b.x": torch.zeros(1), "a.y": torch.ones(1)}
    assert list(rename(state, [("a.b.", "c."), ("a.", "")])) == ["c.x", "y"]


def test_batches_counted_by_a_norm_are_no_difference() -> None:
    norm = nn.Sequential(nn.BatchNorm2d(2))
    norm[0].num_batches_tracked += 5
    state = {k: v + 1 for k, v in norm.state_dict().items() if "num_batches" not in k}
    load_strictly(norm, state, "f.pth")
    assert norm[0].num_batches_tracked == 5
    assert norm[0].running_mean.tolist() == [1, 1]
    load_strictly(nn.Sequential(), {"0.num_batches_tracked": torch.ones(1)}, "f.pth")


def test_of_many_keys_some_are_named() -> None:
    state = {f"{i:02d}": torch.zeros(1) for i in range(15)}
    with pytest.raises(ValueError, match="unknown: 00, 01, .*11 and 3 more"):
        load_strictly(nn.Identity(), state, "f.pth")
