"""Tests of networks on a folder, by networks that see colours."""

from types import MappingProxyType

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from backbones.evaluation.networks import LoadedNetwork
from backbones.evaluation.protocol import Protocol, evaluate_networks
from backbones.weights.checkpoint import Preprocessing

NAMES = ("red", "green", "blue")
CPU = torch.device("cpu")


class Colours(nn.Module):
    """Its logits are the mean of each channel, -1 of those it is blind to."""

    num_classes = 3
    arch = MappingProxyType({"name": "colours"})

    def __init__(self, blind=()):
        super().__init__()
        self.blind = list(blind)

    def forward(self, x):
        means = x.mean((2, 3))
        means[:, self.blind] = -1
        return means


def network(source="a.pth", names=NAMES, mean_image=(), blind=(), size=8):
    seen = Preprocessing("RGB", 1.0, (0.0,) * 3, (1.0,) * 3, names, mean_image)
    return LoadedNetwork(source, "h", Colours(blind), seen, {}, size, size)


@pytest.fixture
def root(tmp_path):
    """Two red images and one blue; no green one."""
    for name, count in (("red", 2), ("blue", 1)):
        (tmp_path / "test" / name).mkdir(parents=True)
        image = np.zeros((10, 12, 3), np.uint8)
        image[..., 2 - NAMES.index(name)] = 200
        for number in range(count):
            cv2.imwrite(str(tmp_path / "test" / name / f"{number}.png"), image)
    return tmp_path


@pytest.mark.parametrize("test", ["single", "10crop"])
def test_labels_are_the_networks_own(root, test):
    told = []

    def track(batches, total):
        told.append(total)
        return batches

    outcome = evaluate_networks([network()], root, Protocol(test, batch_size=2), CPU, track)
    assert outcome.metrics["top1_error"] == 0
    assert (outcome.num_images, outcome.notes, told) == (3, (), [2])
    (about,) = outcome.networks
    assert (about["model"], about["scales"], about["size"]) == ("colours", [], 8)
    half_blind = evaluate_networks([network(blind=[0])], root, Protocol(test), CPU)
    assert half_blind.metrics["top1_error"] == pytest.approx(200 / 3)


def test_an_ensemble_is_the_mean_of_scores(root):
    """Who is blind to red is sure of nothing; who sees red decides."""
    members = [network("a", blind=[0]), network("b")]
    outcome = evaluate_networks(members, root, Protocol(), CPU)
    assert outcome.metrics["top1_error"] == 0
    assert [about["weights"] for about in outcome.networks] == ["a", "b"]


def test_classes_must_agree_with_the_data_and_each_other(root):
    with pytest.raises(ValueError, match=r"must be among the 3 of a\.pth, got also \['blue'\]"):
        evaluate_networks([network(names=("red", "green", "pink"))], root, Protocol(), CPU)
    others = [network("a"), network("b", names=NAMES[::-1])]
    with pytest.raises(ValueError, match="must be those of a, got b: class 0 is 'blue', not 'red'"):
        evaluate_networks(others, root, Protocol(), CPU)


def test_a_mean_image_of_another_size_is_told_once(root):
    image = (0.0,) * (8 * 8 * 3)
    members = [network(mean_image=image, size=10)] * 2
    (note,) = evaluate_networks(members, root, Protocol(), CPU).notes
    assert note.startswith("a.pth: where inputs are not 8x8, the mean of each channel stands in")
    assert evaluate_networks([network(mean_image=image)], root, Protocol(), CPU).notes == ()


def test_statistics_are_taken_of_the_train_split(root):
    with pytest.raises(ValueError, match="must hold train/<class>/"):
        evaluate_networks([network()], root, Protocol(precise_bn=1), CPU)
