"""A detector, one stage after another, on a stub engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from resdet.detector.build import NetworkInput
from resdet.detector.extras.network import Network, View, build_network
from resdet.engines.samples import Features


class Engine:
    """Says of each box its own width, and moves it by its half."""

    def features(self, model, batch):
        return Features({"image": batch[0]["image"].float()}, None)

    def propose(self, model, features):
        return [features.maps["image"].new_tensor([[0.0, 0, 4, 4]])]

    def describe(self, model, features, boxes):
        return boxes[0][:, 2:3] - boxes[0][:, :1]

    def predict(self, model, described):
        return described, torch.tensor([[5.0, 0, 0, 0]])


@pytest.fixture
def network() -> Network:
    return Network(nn.Identity(), Engine(), NetworkInput(6, 20, "BGR"), (10.0, 10.0, 5.0, 5.0))


def test_an_image_is_as_the_network_gets_it(network: Network) -> None:
    image = np.zeros((12, 16, 3), np.uint8)
    image[:, 8:, 0] = 250  # red on the right
    sample = network.sample(image, 6, 20)
    assert sample["image"].shape == (3, 6, 8)
    assert (sample["height"], sample["width"]) == (12, 16)
    assert sample["image"][2, 3, -1] == 250  # BGR
    assert sample["image"][2, 3, 0] == 0
    flipped = network.sample(image, 6, 20, flip=True)
    assert torch.equal(flipped["image"], sample["image"].flip(2))


def test_the_longest_side_is_in_proportion(network: Network) -> None:
    assert [network.longest_side(side) for side in (3, 6, 12)] == [10, 20, 40]


def test_stages_follow_each_other(network: Network) -> None:
    view = network.look(network.sample(np.zeros((12, 16, 3), np.uint8), 6, 20))
    assert isinstance(view, View)
    assert view.size == (6, 8)
    boxes = network.propose(view)
    found = network.predict(network.describe(view, boxes), boxes)
    assert found.scores.tolist() == [[4]]
    assert found.boxes.tolist() == [[[2, 0, 6, 4]]]  # by 5 / 10 of its width


def test_a_config_says_the_input_and_the_factors(small_config: Callable) -> None:
    built = build_network(small_config(), nn.Identity(), Engine())
    assert built.input.shorter_side == 96
    assert built.box_weights == (10.0, 10.0, 5.0, 5.0)
