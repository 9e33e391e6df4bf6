"""Names and shapes that weights share with their network, and the counters, which they need not."""

import pytest
import torch

from backbones.weights.shapes import listed, matched


def test_counters_are_the_networks_own():
    own = {"w": torch.zeros(2), "a.num_batches_tracked": torch.tensor(3)}
    state = {"w": torch.ones(2), "b.num_batches_tracked": torch.tensor(9)}
    found = matched(own, state, "a.pth")
    assert found.keys() == own.keys()
    assert found["w"] is state["w"]
    assert found["a.num_batches_tracked"] == 3


def test_every_difference_is_told_in_one_line():
    own = {"v": torch.zeros(2), "w": torch.zeros(2, device="meta")}
    state = {"w": torch.zeros(3), "x\n": torch.zeros(1)}
    text = r"of a\.pth must fit the network; missing: v; unknown: x\\n; w must be \(2,\), got \(3"
    with pytest.raises(ValueError, match=text) as caught:
        matched(own, state, "a.pth")
    assert str(caught.value).isprintable()


def test_of_many_some_are_listed():
    assert listed("abc", most=3) == "a, b, c"
    assert listed("abcd", "; ", 2) == "a; b and 2 more"
