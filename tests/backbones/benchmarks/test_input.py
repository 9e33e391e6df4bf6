"""The benchmark of the input: every way yields the same kind of pixels."""

import random

import pytest
import torch

from backbones.benchmarks import input as benchmark


def test_every_way_is_timed_and_their_statistics_agree(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "_DRAWN_COUNT", benchmark.BATCH)
    random.seed(0)
    torch.manual_seed(0)
    measured = benchmark.benchmark_input(rounds=1)
    assert measured["images"]["source"] == "drawn"
    assert measured["images"]["median_shorter_side"] == 375
    for crop in ("scale", "area"):
        found = measured[crop]
        assert found["ratio"]["torchvision, PIL"] == 1
        assert found["of_decode_alone"][benchmark.DECODE] == 1
        speeds = found["images_per_second"]
        ratio = speeds["resdet"] / speeds["torchvision, PIL"]
        assert found["ratio"]["resdet"] == pytest.approx(ratio, rel=0.02)
        peer = found["statistics"].pop("torchvision, PIL")
        for values in found["statistics"].values():
            assert values["mean"] == pytest.approx(peer["mean"], abs=0.3)
            assert values["std"] == pytest.approx(peer["std"], rel=0.05)
    assert {"hardware", "versions"} <= set(measured)


def test_too_few_images_and_rounds_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must hold at least 25 images, got 0"):
        benchmark.benchmark_input(tmp_path)
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        benchmark.benchmark_input(rounds=0)
