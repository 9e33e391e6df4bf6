"""The benchmark of classification: what it times is the same function in each library."""

import json

import pytest

from backbones.benchmarks import inference
from backbones.benchmarks.inference import benchmark_inference

LIMITS = {"matrix_rate": {"fp32": 1e16, "bf16": 1e15}, "bandwidth": 1e10}


@pytest.fixture(autouse=True)
def known_limits(monkeypatch):
    monkeypatch.setattr(inference, "measure_limits", lambda device, threads: LIMITS)


def test_a_small_benchmark():
    found = benchmark_inference(["resnet18"], batch=1, side=64, rounds=1)
    json.dumps(found, allow_nan=False)
    network = found["networks"]["resnet18"]
    assert set(network["images_per_second"]) >= {"resdet", "torchvision"}
    assert network["ratio"]["torchvision"] == 1
    assert all(speed > 0 for speed in network["images_per_second"].values())
    assert max(network["largest_difference"].values()) < 1e-4
    operations = network["operations"]
    assert operations == pytest.approx(2 * 0.148e9, rel=0.01)  # 1.8e9 multiply-adds at 224
    for way, share in network["share_of_limit"].items():
        assert share == pytest.approx(operations * network["images_per_second"][way] / 1e16)


def test_bottlenecks_have_the_stride_of_their_weights():
    found = benchmark_inference(["resnet50"], batch=1, side=64, rounds=1, precision="bf16")
    assert found["networks"]["resnet50"]["largest_difference"]["resdet"] < 1e-4


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"networks": ["resnet20"]}, "--networks must be of .*resnet18.*, got resnet20"),
        ({"device": "cuda:77x"}, "--device must be"),
    ],
)
def test_faults(options, fault):
    with pytest.raises(ValueError, match=fault):
        benchmark_inference(**options)
