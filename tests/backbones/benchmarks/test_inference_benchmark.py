"""The benchmark of classification: what it times is the same function in each library."""

import json

from backbones.benchmarks.inference import benchmark_inference


def test_a_small_benchmark():
    found = benchmark_inference(["resnet18"], batch=1, side=64, rounds=1)
    json.dumps(found, allow_nan=False)
    network = found["networks"]["resnet18"]
    assert set(network["images_per_second"]) >= {"resdet", "torchvision"}
    assert network["ratio"]["torchvision"] == 1
    assert all(speed > 0 for speed in network["images_per_second"].values())
    assert max(network["largest_difference"].values()) < 1e-4


def test_bottlenecks_have_the_stride_of_their_weights():
    found = benchmark_inference(["resnet50"], batch=1, side=64, rounds=1, precision="bf16")
    assert found["networks"]["resnet50"]["largest_difference"]["resdet"] < 1e-4
