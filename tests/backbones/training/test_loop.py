from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from backbones.training.loop import Learner, LoopSettings, TrainingRun, train
from backbones.training.runlog import RunLog


class Recorded(TrainingRun):
    """Keeps what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.steps: list[int] = []

    def after_step(self, done: int) -> None:
        self.steps.append(done)

    def save(self, done: int) -> None:
        self.calls.append(("save", done))

    def evaluate(self, done: int) -> dict[str, float]:
        self.calls.append(("evaluate", done))
        return {"score": 0.5}


def run(
    directory: Path,
    model: nn.Module,
    rate: float = 0.1,
    loss=None,
    batches=None,
    **settings,
):
    """Minimise w**2 by default; returns what was asked for beside the steps."""
    optimizer = torch.optim.SGD([{"params": list(model.parameters()), "base_lr": rate}], lr=rate)
    loss = loss or (lambda m, batch: {"loss_a": (m.weight**2).sum(), "loss_b": m.weight.sum() * 0})
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    learner = Learner(model, loss, optimizer, scaler, lambda iteration: float(iteration < 3))
    settings = LoopSettings(**{"max_iterations": 5, "images_per_iteration": 2} | settings)
    with RunLog(directory, "test", settings.max_iterations, settings.start_iteration) as log:
        recorded = Recorded()
        batches = iter(batches) if batches else itertools.repeat(None)
        train(learner, batches, settings, recorded, log)
    return recorded


def layer(value: float = 1.0) -> nn.Module:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def test_plain_descent_by_hand(tmp_path: Path) -> None:
    model = layer()
    run(tmp_path, model)
    # w <- w - 0.1 * 2w three times, then a rate of 0
    assert model.weight.item() == pytest.approx(0.8**3)


def test_periods_and_the_end(tmp_path: Path) -> None:
    calls = run(tmp_path, layer(), checkpoint_period=2, evaluation_period=4).calls
    expected = [("save", 2), ("save", 4), ("evaluate", 4), ("save", 5), ("evaluate", 5)]
    assert calls == expected
    # what is evaluated is saved before: a run may be stopped amid a long evaluation
    calls = run(tmp_path, layer(), evaluation_period=3).calls
    assert calls == [("save", 3), ("evaluate", 3), ("save", 5), ("evaluate", 5)]


def test_gradients_are_clipped(tmp_path: Path) -> None:
    by_value, by_norm = layer(100.0), layer(100.0)
    run(tmp_path / "a", by_value, clip_value=1.0)
    run(tmp_path / "b", by_norm, clip_norm=2.0)
    assert by_value.weight.item() == pytest.approx(100 - 3 * 0.1)
    assert by_norm.weight.item() == pytest.approx(100 - 3 * 0.2)


def test_metrics_hold_means_and_a_resumed_run_keeps_those_before_it(tmp_path: Path) -> None:
    run(tmp_path, layer(), log_period=1)
    run(tmp_path, layer(), log_period=1, start_iteration=3)
    lines = [json.loads(x) for x in (tmp_path / "metrics.json").read_text().splitlines()]
    terms = [x for x in lines if "total_loss" in x]
    assert [x["iteration"] for x in terms] == [0, 1, 2, 3, 4]
    assert terms[1]["total_loss"] == pytest.approx(0.64)
    assert terms[1]["lr"] == pytest.approx(0.1)
    assert {"images_per_second", "data_time_share", "seconds_per_iteration"} <= set(terms[1])


def test_a_mean_is_over_the_iterations_since_the_last_line(tmp_path: Path) -> None:
    run(tmp_path, layer(), log_period=3)
    lines = [json.loads(x) for x in (tmp_path / "metrics.json").read_text().splitlines()]
    second = next(x for x in lines if x["iteration"] == 2)
    assert second["total_loss"] == pytest.approx((0.8**2 + 0.64**2) / 2)


def slope(model: nn.Module, batch: float) -> dict[str, torch.Tensor]:
    return {"loss_a": model.weight.sum() * batch, "error": torch.tensor(50.0)}


def test_accumulation_steps_along_the_mean_gradient(tmp_path: Path) -> None:
    model = layer()
    run(tmp_path, model, loss=slope, batches=[1, 2, 3, 4], max_iterations=2, accumulation=2)
    # w <- 1 - 0.1 * (1 + 2) / 2 - 0.1 * (3 + 4) / 2
    assert model.weight.item() == pytest.approx(0.5)


def test_measures_are_reported_and_do_not_train(tmp_path: Path) -> None:
    model = layer()
    batches = {"batches": [1, 2, 4], "max_iterations": 3, "log_period": 2}
    recorded = run(tmp_path, model, loss=slope, **batches)
    assert model.weight.item() == pytest.approx(1 - 0.1 * 7)
    assert recorded.steps == [1, 2, 3]
    lines = [json.loads(x) for x in (tmp_path / "metrics.json").read_text().splitlines()]
    reports = [x for x in lines if "total_loss" in x]
    assert [x["total_loss"] for x in reports] == pytest.approx([1 * 1.0, 2 * 0.9, 4 * 0.7])
    assert [x["error"] for x in reports] == [50, 50, 50]


def test_waiting_names_what_helps(tmp_path: Path) -> None:
    def late() -> Iterator[float]:
        while True:
            time.sleep(0.02)
            yield 1.0

    run(tmp_path, layer(), batches=late(), log_period=2, cure_of_waiting="hurry")
    assert "(hurry)" in (tmp_path / "log.txt").read_text()
