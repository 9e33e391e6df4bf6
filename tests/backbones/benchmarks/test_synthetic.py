"""Training on pixels of the device: the same work in each library, and what it is of the limit."""

import json

import pytest
import torch

import backbones
from backbones.benchmarks import limits, synthetic
from backbones.benchmarks.synthetic import benchmark_synthetic_training

LIMITS = {"matrix_rate": {"fp32": 1e16, "bf16": 1e15, "fp16": 1e15}, "bandwidth": 1e10}


@pytest.fixture(autouse=True)
def known_limits(monkeypatch):
    monkeypatch.setattr(synthetic, "measure_limits", lambda device, threads: LIMITS)


def small(**options):
    sizes = {"networks": ["resnet18"], "batch": 2, "side": 32, "rounds": 1, "steps": 1}
    return benchmark_synthetic_training(**{**sizes, **options})


def test_every_library_trains_and_has_its_share_of_the_limit():
    found = small()
    json.dumps(found, allow_nan=False)
    network = found["networks"]["resnet18"]
    speeds = network["images_per_second"]
    assert set(speeds) >= {"resdet", "torchvision"}
    assert network["ratio"]["torchvision"] == 1
    for way, share in network["share_of_limit"].items():
        assert share == pytest.approx(network["operations"] * speeds[way] / 1e16)


def test_precision_is_ours_and_timms():
    found = small(precision="bf16")
    assert found["precision"] == {"resdet": "bf16", "torchvision": "fp32", "timm": "bf16"}
    network = found["networks"]["resnet18"]
    speed = network["images_per_second"]["resdet"]
    assert network["share_of_limit"]["resdet"] == pytest.approx(
        network["operations"] * speed / 1e15
    )


def test_operations_are_those_of_the_passes():
    """Forward once, backward twice but for the pixels' own gradient."""
    whole = backbones.count(backbones.create("resnet18", num_classes=1000), 64)
    first = whole.layers[0].multiply_adds
    assert synthetic.training_operations("resnet18", 64) == 2 * (3 * whole.multiply_adds - first)


def test_our_way_is_the_trainers_loop(monkeypatch):
    taken = []
    loop = synthetic.train

    def spy(learner, batches, settings, *more):
        taken.append(settings.max_iterations)
        loop(learner, batches, settings, *more)

    monkeypatch.setattr(synthetic, "train", spy)
    job = synthetic.Job(
        "resnet18", synthetic._random_batch(2, 32, torch.device("cpu")), "fp32", False
    )
    run = synthetic._ours(job)
    assert run(2) > 0
    assert taken == [3]  # one before the clock starts


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"networks": ["resnet19"]}, "--networks must be of .*resnet18.*, got resnet19"),
        ({"device": "tpu"}, "--device must be cpu.*, got 'tpu'"),
    ],
)
def test_faults(options, fault):
    with pytest.raises(ValueError, match=fault):
        small(**options)


def test_the_limit_is_the_best_that_any_way_reached():
    precisions = {"ours": "fp32", "half": "bf16"}
    assert limits.shares_of_limit({"half": 5e14}, precisions, LIMITS) == {"half": 0.5}
    fast = limits.shares_of_limit({"ours": 2e16, "half": 5e15}, precisions, LIMITS)
    assert fast == {"ours": 1.0, "half": 0.25}
