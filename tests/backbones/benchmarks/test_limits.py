"""The device's limits: no product and no copy is faster than what is called its limit."""

import time

import pytest
import torch

from backbones.benchmarks import limits


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(limits, "_SIDES", {"cpu": (256, 512)})
    monkeypatch.setattr(limits, "_COPIED", {"cpu": 2**22})
    limits._measure.cache_clear()
    yield
    limits._measure.cache_clear()


def test_a_limit_is_of_the_order_of_what_is_done():
    measured = limits.measure_limits("cpu", threads=1)
    assert set(measured["matrix_rate"]) == {"fp32", "bf16", "fp16"}
    side = torch.randn(512, 512)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        side @ side
        best = min(best, time.perf_counter() - start)
    assert 0.3 < measured["matrix_rate"]["fp32"] / (2 * 512**3 / best) < 20
    assert 1e8 < measured["bandwidth"] < 1e13


def test_threads_are_as_before_and_what_was_measured_is_kept(monkeypatch):
    before = torch.get_num_threads()
    first = limits.measure_limits("cpu", threads=before + 1)
    assert torch.get_num_threads() == before
    monkeypatch.setattr(limits, "_shortest", None)
    assert limits.measure_limits("cpu", threads=before + 1) is first


def test_the_fastest_run_counts_and_a_slow_call_runs_once():
    calls = []

    def call():
        calls.append(0)
        time.sleep(0.5)

    assert limits._shortest(call, torch.device("cpu")) == pytest.approx(0.5, rel=0.5)
    assert len(calls) == 1
