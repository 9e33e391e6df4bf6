"""results.json: what that of every trainer holds, and of what it tells in any release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from backbones.machine import distributed
from backbones.machine.environment import environment

RESULTS = "results.json"
# of classifiers that older versions trained the last two, which tell neither cores nor packages
PROVENANCE = ("device", "environment", "hardware", "versions")


@dataclass(frozen=True)
class Outcome:
    """What a run found, after how many iterations, by which seed, in how long."""

    metrics: Mapping[str, Any]
    iterations: int
    seed: int | None
    seconds: float


def common_results(outcome: Outcome, device: torch.device) -> dict[str, Any]:
    """What a classifier's and a detector's results.json both hold: measured, on what, with what."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "metrics": dict(outcome.metrics),
        "iterations": outcome.iterations,
        "seed": outcome.seed,
        "seconds": round(outcome.seconds, 1),
        "num_processes": distributed.world_size(),
        "device": gpu or str(device),
        "environment": environment(),
    }


@dataclass(frozen=True)
class Provenance:
    """The processor that did the work and the versions it ran; empty where results do not say."""

    hardware: str
    packages: Mapping[str, str]

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Provenance:
        """As results.json of any release tells it."""
        if "environment" not in results:
            return cls(results.get("hardware", ""), results.get("versions", {}))
        environment = results["environment"]
        on_cpu = results["device"] == "cpu"
        return cls(environment["cpu"] if on_cpu else results["device"], environment["packages"])
