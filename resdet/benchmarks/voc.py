"""The VOC evaluation at full size: its time, its memory and its distance to detectron2's.

`python -m resdet.benchmarks.voc ROOT SPLIT COMP4` evaluates once and prints its numbers as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from backbones.machine.environment import environment
from resdet.benchmarks.measuring import (
    Whole,
    peak_megabytes,
    printed_json,
    run_module,
    run_whole,
)
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.whole import compared, voc_commands
from resdet.data.voc.reader import load_voc
from resdet.evaluation.registry import VOC_METRICS
from resdet.evaluation.rules import DETECTRON2
from resdet.evaluation.voc.comp4 import read_comp4, write_comp4
from resdet.evaluation.voc.score import ground_truth_by_id, match_voc, score_voc
from resdet.structures.classes import VOC_CLASSES

THRESHOLDS = tuple(k / 100 for k in range(50, 100, 5))
_PEER = "detectron2"
T = TypeVar("T")


def benchmark_voc(
    folder: Path,
    *,
    images: int = 4952,
    detections: int = 470_000,
    runs: int = 4,
    seed: int = 0,
    peer: bool = True,
) -> dict[str, Any]:
    """From XML and comp4 text to the AP of every class by both metrics at ten thresholds.

    Ours is the median of `runs` fresh processes without a cache of annotations, half of them
    before and half after detectron2's one, and one with the cache. detectron2's evaluator starts
    from detections in memory; `ratio` is its time by ours, `cpu_ratio` that of processor time,
    which other work on the machine hardly changes, `max_difference` the largest of any AP.
    Without detectron2, or with `peer=False`, they are None. `whole` are the processes from start
    to end, ours by the command, detectron2's with our reader of the detections.
    """
    root, comp4 = folder / "VOC2007", folder / "comp4"
    table = make_voc(root, num_images=images, num_detections=detections, seed=seed)
    write_comp4(comp4, table, VOC_CLASSES)
    del table
    cold, cached, wholes = _in_turn(root, comp4, runs, peer)
    theirs = printed_json(wholes[_PEER][0]) if _PEER in wholes else None
    seconds = statistics.median(run["seconds"] for run in cold)
    cpu_seconds = statistics.median(run["cpu_seconds"] for run in cold)
    return {
        "images": images,
        "detections": detections,
        "classes": len(VOC_CLASSES),
        "thresholds": THRESHOLDS,
        "metrics": VOC_METRICS,
        "rules": DETECTRON2.to_dict(),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "seconds_of_runs": [run["seconds"] for run in cold],
        "seconds_of_parts": cold[0]["seconds_of_parts"],
        "seconds_with_cache": cached["seconds"],
        "peak_megabytes": max((run["peak_megabytes"] for run in cold), key=lambda mb: mb or 0),
        "mAP": cold[0]["mAP"],
        "detectron2_seconds": theirs and theirs["seconds"],
        "detectron2_cpu_seconds": theirs and theirs["cpu_seconds"],
        "detectron2_peak_megabytes": theirs and theirs["peak_megabytes"],
        "ratio": theirs and theirs["seconds"] / seconds,
        "cpu_ratio": theirs and theirs["cpu_seconds"] / cpu_seconds,
        "max_difference": theirs and largest_difference(cold[0], theirs),
        "whole": compared(wholes, _PEER),
        "environment": environment(),
    }


def _in_turn(
    root: Path, comp4: Path, runs: int, peer: bool
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, list[Whole]]]:
    """Our runs without a cache, one with it, and whole processes, detectron2's in the middle."""
    arguments, commands = (root, "test", comp4), voc_commands(root, comp4)
    wholes: dict[str, list[Whole]] = {name: [] for name in commands}
    cold = []
    with tempfile.TemporaryDirectory() as caches:
        for run in range(runs):
            if run == runs // 2 and peer and importlib.util.find_spec(_PEER):
                wholes[_PEER] = [run_whole("resdet.benchmarks.peers.detectron2_voc", *arguments)]
            for name, command in commands.items() if run % 2 == 0 else ():
                cache = {"RESDET_CACHE": f"{caches}/{run} {name}"}
                wholes[name].append(run_whole(*map(str, command), env=cache))
            cache = {"RESDET_CACHE": f"{caches}/{run}"}
            cold.append(run_module("resdet.benchmarks.voc", *arguments, env=cache))
        cached = run_module("resdet.benchmarks.voc", *arguments, env=cache)
    return cold, cached, wholes


def largest_difference(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """Between the APs of classes that have objects; detectron2 says NaN or 0 of the others."""
    return max(
        abs(ap - theirs["per_class"][metric][name][key])
        for metric in VOC_METRICS
        for name, aps in ours["per_class"][metric].items()
        for key, ap in aps.items()
        if ap is not None
    )


def evaluate_files(root: Path, split: str, comp4: Path) -> dict[str, Any]:
    """What eval_voc does by detectron2's rules, each part timed."""
    parts: dict[str, float] = {}

    def timed(name: str, call: Callable[[], T]) -> T:
        start = time.perf_counter()
        value = call()
        parts[name] = time.perf_counter() - start
        return value

    cpu = time.process_time()
    data = timed("annotations", lambda: load_voc(root, split, images=False))
    table = timed("detections", lambda: read_comp4(comp4, data.class_names))
    matches = timed(
        "matching",
        lambda: match_voc(
            ground_truth_by_id(data.records),
            table.for_images(data.files),
            data.class_names,
            thresholds=THRESHOLDS,
            rules=DETECTRON2,
        ),
    )
    scores = timed("scores", lambda: {metric: score_voc(matches, metric) for metric in VOC_METRICS})
    return {
        "seconds": sum(parts.values()),
        "cpu_seconds": time.process_time() - cpu,
        "seconds_of_parts": parts,
        "per_class": {metric: result["per_class"] for metric, result in scores.items()},
        "mAP": {metric: result["mAP"] for metric, result in scores.items()},
    }


def main(argv: Sequence[str]) -> None:
    """Print what `evaluate_files` gives and the memory it took."""
    root, split, comp4 = argv
    result = evaluate_files(Path(root), split, Path(comp4))
    print(json.dumps({**result, "peak_megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(sys.argv[1:])
