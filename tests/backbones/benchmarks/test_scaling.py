"""Steps whose cost is measured along each axis, and processes together."""

import pytest

from backbones.benchmarks.scaling import (
    AXES,
    benchmark_backbone_scaling,
    benchmark_processes,
)
from backbones.complexity import count
from backbones.registry import create


def test_work_is_the_multiply_adds_of_forward_and_backward():
    measured = benchmark_backbone_scaling(["batch"], values={"batch": (1, 4)})
    grown = measured["axes"]["batch"]
    network = create("cifar_resnet20", num_classes=10)
    forward = count(network, 32).multiply_adds
    first = network.stem.conv1.weight.numel() * 32**2  # its input needs no gradient
    assert grown["work"] == [3 * forward - first, 4 * (3 * forward - first)]
    assert grown["exponent"]["work"] == 1
    assert measured["versions"]["torch"]


@pytest.mark.parametrize("name", AXES)
def test_every_axis_builds(name):
    axis = AXES[name]
    arguments = {**axis.fixed, "batch": 2, "size": 40, axis.varies: 20 if "depth" in name else 40}
    axis.build(**{**arguments, "batch": 2})()


@pytest.mark.slow
def test_two_processes():
    measured = benchmark_processes("cifar_resnet8", size=16, batch=2)
    assert measured["efficiency"] == measured["seconds"]["1"] / measured["seconds"]["2"]
    alone, exchange = measured["seconds"]["1"], measured["gradient_bytes"] / measured["bandwidth"]
    assert measured["predicted_seconds"]["4"] == pytest.approx(alone + 1.5 * exchange)
    assert measured["gradient_bytes"] == 4 * sum(
        p.numel() for p in create("cifar_resnet8", num_classes=10).parameters()
    )
