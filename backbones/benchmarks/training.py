"""Ways to train one network, timed in turn in one run: a bare time means little, a ratio more."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backbones.config import load_classification
from backbones.files.run_folder import METRICS
from backbones.machine import distributed
from backbones.machine.hardware import conditions
from backbones.training.classification import train_classifier

# what most public loops over CIFAR do: images from workers, fp32, nothing recorded or compiled
USUAL_LOOP = (
    *("DATASETS.IN_MEMORY", "False", "SOLVER.CUDA_GRAPHS", "False"),
    *("SOLVER.AMP.ENABLED", "False", "MODEL.COMPILE", "False"),
)
_UNTESTED = (
    *("TEST.EVAL_PERIOD", "0", "TEST.PRECISE_BN.ENABLED", "False", "SOLVER.STEPS", "[]"),
    *("SOLVER.LR_SCHEDULER_NAME", "WarmupMultiStepLR", "SOLVER.CHECKPOINT_PERIOD", "0"),
)


def benchmark_training(
    config: str, overrides: Sequence[str], given: Sequence[str], *, iterations: int, rounds: int
) -> dict[str, Any]:
    """Train `iterations` of the config, of each "NAME: KEY VALUE ..." in `given`, and of the usual
    loop in turn, `rounds` times.

    Unit: iterations per second without the first iteration, in which workers start and networks
    are compiled; the median over the rounds. The ratios are to the usual loop.
    Raises: ValueError for fewer than two iterations or one round, or variants of one name.
    """
    for name, value in (("iterations", iterations), ("rounds", rounds)):
        if value < 1:
            raise ValueError(f"--{name} must be >= 1, got {value}")
    variants: dict[str, Sequence[str]] = {"config": []}
    variants |= dict(parse_variant(text) for text in given)
    if len(variants) <= len(given) or "usual loop" in variants:
        raise ValueError('--variant names must differ, and be neither "config" nor "usual loop"')
    variants["usual loop"] = USUAL_LOOP
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, changes in variants.items():
            pairs = [*overrides, *changes, *_UNTESTED, "SOLVER.MAX_ITER", str(iterations)]
            cfg = load_classification(config, pairs)
            with tempfile.TemporaryDirectory() as folder:
                train_classifier(cfg, Path(folder) / "run")
                speeds[name].append(_iterations_per_second(Path(folder) / "run" / METRICS))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    reference = list(medians.values())[-1]
    return {
        "config": config,
        "iterations": iterations,
        "rounds": rounds,
        "images_per_iteration": cfg.SOLVER.IMS_PER_BATCH,
        "variants": {name: list(changes) for name, changes in variants.items()},
        "iterations_per_second": {name: round(value, 3) for name, value in medians.items()},
        "all_rounds": {name: [round(x, 3) for x in values] for name, values in speeds.items()},
        "ratio": {name: round(value / reference, 3) for name, value in medians.items()},
        **conditions(distributed.device(cfg.MODEL.DEVICE)),
    }


def _iterations_per_second(metrics: Path) -> float:
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    seconds = [line["seconds_per_iteration"] for line in lines if "seconds_per_iteration" in line]
    if len(seconds) < 2:
        raise ValueError("--iterations must be at least 2, got 1: the first is not timed")
    return 1 / seconds[-1]


def parse_variant(text: str) -> tuple[str, list[str]]:
    """("bf16", ["SOLVER.AMP.ENABLED", "True"]) of "bf16: SOLVER.AMP.ENABLED True"."""
    name, colon, pairs = text.partition(":")
    if not (name.strip() and colon and pairs.split()):
        raise ValueError(f'--variant must be "NAME: KEY VALUE ...", got {text!r}')
    return name.strip(), pairs.split()
