from __future__ import annotations

import pytest
import torch

from backbones.training.meter import Meter, cure_of_waiting


@pytest.mark.parametrize(
    ("workers", "can_hold", "cure"),
    [
        (1, True, "raise DATALOADER.NUM_WORKERS"),
        (2, True, "every core decodes: set DATASETS.IN_MEMORY or store smaller images"),
        (8, False, "every core decodes: store smaller images"),
    ],
)
def test_more_workers_help_where_a_core_is_free(
    monkeypatch: pytest.MonkeyPatch, workers: int, can_hold: bool, cure: str
) -> None:
    monkeypatch.setattr("backbones.training.meter.available_cores", lambda: 2)
    assert cure_of_waiting(workers, can_hold=can_hold) == cure


def test_means_are_since_the_last_reading() -> None:
    meter = Meter()
    meter.add({"loss": torch.tensor(1.0)})
    meter.add({"loss": torch.tensor(2.0), "error": torch.tensor(50.0)})
    assert meter.read() == {"loss": 1.5, "error": 50}
    meter.add({"loss": torch.tensor(4.0)})
    assert meter.read() == {"loss": 4}


def test_time_is_that_since_the_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 100.0, 101.0, 104.0, 108.0))
    monkeypatch.setattr("backbones.training.meter.time.perf_counter", lambda: next(clock))
    meter = Meter()
    meter.restart()
    with meter.waiting():
        meter.count()
    meter.count()
    assert meter.speed() == (4, 3 / 8)
