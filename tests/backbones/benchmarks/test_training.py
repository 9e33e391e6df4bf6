"""Ways to train a network, timed in turn."""

import json

import pytest
import torch

from backbones.benchmarks import training
from backbones.benchmarks.training import benchmark_training, parse_variant
from backbones.machine.hardware import conditions


@pytest.fixture
def trained(monkeypatch):
    """Keys of each training; the n-th takes n seconds an iteration after the first's 100."""
    seen = []

    def train(cfg, output):
        output.mkdir()
        seen.append((cfg.SOLVER.MAX_ITER, cfg.SOLVER.AMP.ENABLED, cfg.MODEL.WIDTH))
        lines = [{"seconds_per_iteration": s} for s in (100, len(seen))]
        (output / training.METRICS).write_text("\n".join(map(json.dumps, lines)))

    monkeypatch.setattr(training, "train_classifier", train)
    return seen


def test_variants_take_turns_and_the_median_counts_without_the_first_iteration(trained):
    found = benchmark_training(
        "cifar10_resnet20",
        ["MODEL.WIDTH", "0.5"],
        ["bf16: SOLVER.AMP.ENABLED True"],
        iterations=2,
        rounds=3,
    )
    own_amp = trained[0][1]
    assert trained == [(2, own_amp, 0.5), (2, True, 0.5), (2, False, 0.5)] * 3
    assert found["all_rounds"]["bf16"] == [0.5, 0.2, 0.125]
    assert found["iterations_per_second"] == {"config": 0.25, "bf16": 0.2, "usual loop": 0.167}
    assert found["ratio"] == {"config": 1.5, "bf16": 1.2, "usual loop": 1}
    assert conditions(torch.device("cpu")).items() <= found.items()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"rounds": 0}, "--rounds must be >= 1, got 0"),
        ({"given": ["a: K 1", "a: K 2"]}, "--variant names must differ"),
        ({"given": ["usual loop: K 1"]}, 'be neither "config" nor "usual loop"'),
        ({"given": ["bf16 K 1"]}, "must be \"NAME: KEY VALUE ...\", got 'bf16 K 1'"),
    ],
)
def test_faults(options, fault):
    arguments = {"given": [], "iterations": 2, "rounds": 1, **options}
    with pytest.raises(ValueError, match=fault):
        benchmark_training("cifar10_resnet20", [], **arguments)


def test_one_iteration_cannot_be_timed(monkeypatch, tmp_path):
    (tmp_path / "metrics").write_text('{"seconds_per_iteration": 1}\n{"top1_error": 5}')
    with pytest.raises(ValueError, match="--iterations must be at least 2, got 1"):
        training._iterations_per_second(tmp_path / "metrics")


def test_a_variant_is_a_name_and_keys():
    assert parse_variant(" bf16 :  A 1  B 2") == ("bf16", ["A", "1", "B", "2"])
