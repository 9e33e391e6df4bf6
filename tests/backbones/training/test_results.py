from __future__ import annotations

import json

import pytest
import torch

from backbones.machine.environment import environment
from backbones.training.results import Outcome, Provenance, common_results

OUTCOME = Outcome({"top1_error": 7.5}, iterations=64, seed=None, seconds=1.26)


def test_what_both_trainers_tell() -> None:
    results = common_results(OUTCOME, torch.device("cpu"))
    assert json.loads(json.dumps(results)) == {
        "metrics": {"top1_error": 7.5},
        "iterations": 64,
        "seed": None,
        "seconds": 1.3,
        "num_processes": 1,
        "device": "cpu",
        "environment": environment(),
    }


def test_a_gpu_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index}")
    results = common_results(OUTCOME, torch.device("cuda", 1))
    assert results["device"] == "GPU 1"
    assert Provenance.of(results).hardware == "GPU 1"


def test_results_of_any_release_say_what_they_were_made_on() -> None:
    packages = {"torch": "2.15.0", "torchvision": "0.29.2"}
    new = {"device": "cpu", "environment": {"cpu": "a CPU", "cores": 2, "packages": packages}}
    old = {"hardware": "a CPU", "versions": {"python": "3.11.7", **packages}}
    assert Provenance.of(new) == Provenance("a CPU", packages)
    assert Provenance.of(old) == Provenance("a CPU", {"python": "3.11.7", **packages})
    assert Provenance.of({}) == Provenance("", {})
