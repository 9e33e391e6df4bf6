"""What a benchmark may be asked for, and what it says of its conditions."""

import sys
import types

import pytest
import torch

from backbones.benchmarks import conditions


@pytest.mark.parametrize("device", ["tpu", "cuda:77x"])
def test_a_device_must_be_there(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"must be cpu: there is no GPU, got '{device}'"):
        conditions.present(device)
    assert conditions.present("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert conditions.present("cuda:1") == torch.device("cuda", 1)


def test_networks_are_those_that_torchvision_has_too():
    there = ("resnet18", "vgg16", "vgg16_bn", "plain18", "cifar_resnet20")
    conditions.check_networks(["vgg16", "resnet18"], there)
    with pytest.raises(ValueError, match=r"of resnet18, vgg16, got plain18, resnet19$"):
        conditions.check_networks(["plain18", "resnet18", "resnet19"], there)


def test_versions_of_peers_are_told_where_they_can_be_imported(monkeypatch):
    peer = types.ModuleType("detectron2")
    peer.__version__ = "9.8"
    monkeypatch.setitem(sys.modules, "detectron2", peer)
    monkeypatch.setattr(
        conditions.importlib.util, "find_spec", lambda name: name == "detectron2" or None
    )
    versions = conditions.benchmark_conditions(torch.device("cpu"))["versions"]
    assert versions["detectron2"] == "9.8"
    assert not {"timm", "cuda"} & set(versions)
