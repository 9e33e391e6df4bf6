"""What a classifier's run tells and leaves: its opening lines, results.json, model_final.pth."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from backbones.config import CfgNode
from backbones.files import outputs
from backbones.files.atomic import write_bytes
from backbones.files.run_folder import METRICS
from backbones.machine import distributed
from backbones.terminal.wording import count
from backbones.training import solver
from backbones.training.curves import read_curves
from backbones.training.learning_curve import CURVE, plot_learning_curve
from backbones.training.results import RESULTS, Outcome, common_results
from backbones.training.runlog import RunLog
from backbones.training.state import read_state
from backbones.training.task import Task
from backbones.weights.checkpoint import last, save_backbone

FINAL = "model_final.pth"
BEST = "model_best.pth"

Recipe = Mapping[str, Any]  # the config as plain values


def finished_results(cfg: CfgNode, output: Path) -> dict[str, Any] | None:
    """What results.json of a run that has done SOLVER.MAX_ITER iterations holds; else None."""
    newest = last(output)
    if newest is None or not newest.is_file() or not (output / RESULTS).is_file():
        return None
    try:
        done = read_state(newest).iteration
        results = json.loads((output / RESULTS).read_text())
    except ValueError:  # broken: who resumes takes the one before, and writes it anew
        return None
    if not isinstance(results, dict) or results.get("iterations") != done:
        return None  # of a shorter run, which this one went on with, or of something else
    return results if done >= cfg.SOLVER.MAX_ITER else None


def introduce(
    cfg: CfgNode, task: Task, device: torch.device, seed: int, first: int, output: Path, log: RunLog
) -> None:
    """Write config.yaml and say what is trained on what, how, and from where."""
    if distributed.is_main():
        write_bytes(output / "config.yaml", cfg.dump().encode())
    parameters = sum(p.numel() for p in task.model.parameters())
    log.info(f"{cfg.MODEL.NAME}: {parameters / 1e6:.2f} M parameters on {device}, seed {seed}")
    counts = ", ".join(f"{len(images)} {split}" for split, images in task.splits.items())
    log.info(f"images of {count(len(task.class_names), 'class', 'classes')}: {counts}")
    log.info(solver.describe_rate(cfg))
    for note in task.notes:
        log.info(note)
    if first:
        log.info(f"resuming after {first} of {cfg.SOLVER.MAX_ITER} iterations")


def make_results(
    task: Task, outcome: Outcome, device: torch.device, output: Path
) -> dict[str, Any]:
    """What results.json holds; the speed is the median of what the run in `output` logged."""
    speeds = [y for _, y in read_curves(output / METRICS).get("images_per_second", [])]
    return {
        "arch": task.model.arch,
        "num_classes": task.model.num_classes,
        "num_images": {split: len(images) for split, images in task.splits.items()},
        "images_per_second": round(statistics.median(speeds), 1) if speeds else None,
        **common_results(outcome, device),
    }


def write_final(
    recipe: Recipe, output: Path, task: Task, model: nn.Module, results: Mapping[str, Any]
) -> None:
    """Write the learning curve, the checkpoint and, last, results.json."""
    plot_learning_curve(output / METRICS, output / CURVE, recipe["MODEL"]["NAME"])
    _save_network(recipe, output / FINAL, task, model, results)
    outputs.write_json(output / RESULTS, results)


def write_best(
    recipe: Recipe,
    output: Path,
    task: Task,
    model: nn.Module,
    done: int,
    metrics: Mapping[str, Any],
) -> None:
    """Write the network whose error was the lowest so far."""
    meta = {"iterations": done, "metrics": dict(metrics)}
    _save_network(recipe, output / BEST, task, model, meta)


def _save_network(
    recipe: Recipe, path: Path, task: Task, model: nn.Module, meta: Mapping[str, Any]
) -> None:
    save_backbone(
        path,
        arch=task.model.arch,
        num_classes=task.model.num_classes,
        model=model.state_dict(),
        preprocessing=task.preprocessing,
        recipe=dict(recipe),
        meta=dict(meta),
    )
