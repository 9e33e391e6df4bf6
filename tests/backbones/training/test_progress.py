"""Rates that depend on the errors so far."""

from __future__ import annotations

import pytest
import torch

from backbones.config import load_classification
from backbones.training.progress import Progress, build_rate_factor

CIFAR_POINTS = (0, 31_999, 32_000, 48_000, 63_999)


def listed(name: str, *overrides: str, progress: Progress | None = None, at=CIFAR_POINTS):
    cfg = load_classification(name, list(overrides))
    factor = build_rate_factor(cfg, progress or Progress())
    return [round(cfg.SOLVER.BASE_LR * factor(i), 8) for i in at]


@pytest.mark.parametrize("name", ["resnet20", "resnet56", "plain20", "plain56"])
def test_cifar_rates(name: str) -> None:
    assert listed(f"cifar10_{name}") == [0.1, 0.1, 0.01, 0.001, 0.001]


@pytest.mark.parametrize("name", ["resnet110", "resnet1202"])
def test_deep_cifar_rates_wait_for_the_training_error(name: str) -> None:
    progress = Progress()
    assert listed(f"cifar10_{name}", progress=progress, at=(0, 399, 5000)) == [0.01] * 3
    progress.training += [(20, 90.0), (380, 80.0), (400, 79.9), (420, 81.0)]
    expected = [0.01, 0.01, 0.1, 0.1, 0.1, 0.01, 0.001, 0.001]
    points = (0, 399, 400, 420, 31_999, 32_000, 48_000, 63_999)
    assert listed(f"cifar10_{name}", progress=progress, at=points) == expected


def test_imagenet_rates_fall_at_plateaus() -> None:
    least = [60.0, 50.0, 45.0]
    flat = [45.0, 46.0, 45.5, 45.2, 45.0]  # five that do not lower it
    lower = [30.0]
    errors = [*least, *flat, *lower, *[30.0] * 5]
    evaluations = [(5000 * i, e) for i, e in enumerate(errors, 1)]
    # 8 evaluations: the fifth flat one is at 40 000; then one lower at 45 000, five flat: 70 000
    points = (0, 31_999, 32_000, 39_999, 40_000, 48_000, 63_999, 69_999, 70_000, 599_999)
    assert listed("imagenet_resnet18", progress=Progress([], evaluations), at=points) == [
        *(0.1, 0.1, 0.1, 0.1),
        *(0.01, 0.01, 0.01, 0.01),
        *(0.001, 0.001),
    ]


def test_modern_rates() -> None:
    points = (0, 6250, 378_125, 749_999)
    assert listed("imagenet_resnet50_modern", at=points) == pytest.approx(
        [0.005, 0.49991, 0.24673, 0.0], abs=2e-4
    )


def test_a_window_closes_at_the_multiples_of_its_length() -> None:
    progress = Progress()
    for done in range(1, 46):
        progress.add(torch.tensor(float(done)))
        progress.end_iteration(done)
    assert progress.training == [(20, 10.5), (40, 30.5)]
    assert (progress.count, progress.to_dict()["sum"]) == (5, 41 + 42 + 43 + 44 + 45)


def test_a_run_goes_on_with_the_open_window() -> None:
    progress = Progress([(20, 5.0)], [(10, 7.0)])
    progress.add(torch.tensor(3.0))
    values = progress.to_dict()
    assert values == {"training": [(20, 5.0)], "evaluation": [(10, 7.0)], "sum": 3.0, "count": 1}
    again = Progress.from_dict({**values, "training": [[20, 5.0]]})
    again.add(torch.tensor(5.0))
    again.end_iteration(40)
    assert again.training == [(20, 5.0), (40, 4.0)]
