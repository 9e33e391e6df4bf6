"""Networks to test: which, at what size."""

from pathlib import Path

import pytest
import torch

from backbones.evaluation.networks import load_network, parse_member
from backbones.weights.checkpoint import load_backbone


def test_a_file_is_a_network_with_its_weights_and_preprocessing(tmp_path, saved):
    path = saved(tmp_path / "n.pth", "BGR", size=32, shorter_side=40)
    network, checkpoint = load_network(str(path), "cifar_resnet8"), load_backbone(path)
    state = network.model.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in checkpoint.model.items())
    assert not network.model.training
    assert network.preprocessing == checkpoint.preprocessing
    assert network.describe() == {
        "model": "cifar_resnet8",
        "weights": str(path),
        "hash": checkpoint.hash,
        "size": 32,
        "shorter_side": 40,
    }


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ({}, (32, 40)),
        ({"size": 64}, (64, 80)),
        ({"shorter_side": 36}, (32, 36)),
        ({"size": 24, "shorter_side": 24}, (24, 24)),
    ],
)
def test_a_size_that_is_asked_for_keeps_the_proportion(tmp_path, saved, asked, sizes):
    path = saved(tmp_path / "n.pth", size=32, shorter_side=40)
    network = load_network(str(path), **asked)
    assert (network.size, network.shorter_side) == sizes


def test_without_a_recipe_the_size_must_be_said(tmp_path, saved):
    path = str(saved(tmp_path / "n.pth", size=0))
    with pytest.raises(ValueError, match="must say the size of its images, got no recipe; give --"):
        load_network(path)
    network = load_network(path, size=224)
    assert (network.size, network.shorter_side) == (224, 256)
    with pytest.raises(ValueError, match=r"--shorter-side must be at least the crop size 40 of"):
        load_network(path, size=40, shorter_side=32)


def test_a_name_must_be_that_of_the_weights(tmp_path, saved):
    path = str(saved(tmp_path / "n.pth"))
    fault = "got cifar_resnet14: the weights have name 'cifar_resnet8', not 'cifar_resnet14'; leave"
    with pytest.raises(ValueError, match=fault):
        load_network(path, "cifar_resnet14")
    with pytest.raises(
        ValueError, match="--model must be given with torchvision:X, which names no"
    ):
        load_network("torchvision:X")


def test_a_member_may_be_named(tmp_path, monkeypatch):
    assert parse_member("resnet50=a=b.pth") == ("resnet50", "a=b.pth")
    assert parse_member("a.pth") == ("", "a.pth")
    assert parse_member("runs/lr=0.1/a.pth") == ("", "runs/lr=0.1/a.pth")
    monkeypatch.chdir(tmp_path)
    Path("lr=1.pth").touch()
    assert parse_member("lr=1.pth") == ("", "lr=1.pth")
