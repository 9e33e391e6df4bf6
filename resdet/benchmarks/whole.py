"""Evaluators as whole processes, from the files to printed numbers: start-up, reading and all."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resdet.benchmarks.measuring import Whole

COSTS = ("seconds", "cpu_seconds", "peak_megabytes")
EVAL_VOC, EVAL_COCO = "resdet eval-voc", "resdet eval-coco"

Command = Sequence[str | Path]


def voc_commands(root: Path, comp4: Path) -> dict[str, Command]:
    """Ours, and ours with the numbers of detectron2."""
    ours = ("resdet", "eval-voc", "--detections", comp4, "--data", root, "--split", "test")
    return {
        EVAL_VOC: ours,
        f"{EVAL_VOC} --as detectron2": (*ours, "--as", "detectron2", "--iou", "0.5:0.95"),
    }


def coco_commands(annotations: Path, results: Path) -> dict[str, Command]:
    """Ours, and ours with the numbers of pycocotools."""
    ours = ("resdet", "eval-coco", "--detections", results, "--annotations", annotations)
    return {EVAL_COCO: ours, f"{EVAL_COCO} --as pycocotools": (*ours, "--as", "pycocotools")}


def compared(runs: Mapping[str, Sequence[Whole]], peer: str) -> dict[str, Any]:
    """{cost: {command: median}}; `ratio` and `cpu_ratio`: times as fast as the peer, if it ran."""
    found: dict[str, Any] = {
        cost: {name: statistics.median(run[cost] for run in runs[name]) for name in runs}  # type: ignore[literal-required]
        for cost in COSTS
    }
    for ratio, cost in (("ratio", "seconds"), ("cpu_ratio", "cpu_seconds")):
        of_each = found[cost]
        found[ratio] = {
            name: of_each[peer] / value for name, value in of_each.items() if peer in of_each
        }
    return found
