"""COCO's evaluation timed: from two JSON files on disk to the twelve numbers."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from backbones.files.atomic import write_bytes
from backbones.machine.environment import environment
from resdet.benchmarks.measuring import Whole, peak_megabytes, printed_json, run_whole
from resdet.benchmarks.peers.coco_libraries import LIBRARIES
from resdet.benchmarks.whole import Command, coco_commands, compared
from resdet.evaluation.coco.score import TWELVE, evaluate_coco

BACKENDS = ("numpy", *LIBRARIES)
_PER_IMAGE = 7.3  # objects, as in val2017


def benchmark_coco(
    folder: Path,
    *,
    images: int = 5_000,
    detections: int = 487_000,
    classes: int = 80,
    rounds: int = 1,
    backends: Sequence[str] = BACKENDS,
) -> dict[str, Any]:
    """Seconds, peak memory and numbers of each backend on random data, in turn, each in a child.

    The libraries are called as their users call them. `ratio` is the time of the last backend
    over that of each; `difference` the largest one among the twelve; `whole` the processes from
    start to end, ours by the command.
    """
    files = write_random_coco(folder, images=images, detections=detections, classes=classes)
    ours = coco_commands(*files)
    commands: dict[str, Command] = {name: _command(name, files) for name in backends} | ours
    wholes: dict[str, list[Whole]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            wholes[name].append(run_whole(*map(str, command)))
    runs = {name: [printed_json(whole) for whole in wholes[name]] for name in backends}
    seconds = {name: statistics.median(run["seconds"] for run in runs[name]) for name in runs}
    judge = backends[-1]
    return {
        "images": images,
        "detections": detections,
        "classes": classes,
        "rounds": rounds,
        "seconds": seconds,
        "ratio": {name: seconds[judge] / seconds[name] for name in runs},
        "peak_mb": {name: of_backend[0]["peak_mb"] for name, of_backend in runs.items()},
        "difference": {
            name: max(abs(a - b) for a, b in zip(runs[name][0]["twelve"], runs[judge][0]["twelve"]))
            for name in runs
        },
        "twelve": runs[judge][0]["twelve"],
        "whole": compared({name: wholes[name] for name in (*ours, *backends[1:])}, judge),
        "environment": environment(),
    }


def _command(backend: str, files: tuple[Path, Path]) -> Command:
    if backend in LIBRARIES:
        return ("resdet.benchmarks.peers.coco_libraries", backend, *files)
    return ("resdet.benchmarks.coco", *files)


def measure(annotations: Path, results: Path) -> dict[str, Any]:
    """Our seconds, the twelve, and the most memory of this process in MB, None where unknown."""
    start = time.perf_counter()
    scores = evaluate_coco(annotations, results)
    return {
        "seconds": time.perf_counter() - start,
        "twelve": [scores[name] for name in TWELVE],
        "peak_mb": peak_megabytes(),
    }


def write_random_coco(
    folder: Path, *, images: int, detections: int, classes: int, seed: int = 0
) -> tuple[Path, Path]:
    """Write `annotations.json` and `results.json` and return their paths.

    Ids have gaps; one object in 80 is a crowd; half of the detections lie near their object.
    """
    rng = np.random.default_rng(seed)
    image_ids = np.sort(rng.choice(images * 100, images, replace=False))
    categories = np.sort(rng.choice(classes + classes // 8 + 1, classes, replace=False)) + 1
    n = round(images * _PER_IMAGE)
    of_image, label = rng.integers(0, images, n), (classes * rng.random(n) ** 2).astype(int)
    corner, size = rng.random((n, 2)) * [640, 480], np.exp(rng.normal(4, 1, (n, 2))).clip(4, 500)
    boxes = np.round(np.hstack([corner, size]), 2)
    objects: dict[str, Any] = {
        "id": np.arange(1, n + 1),
        "image_id": image_ids[of_image],
        "category_id": categories[label],
        "bbox": boxes,
        "area": np.round(boxes[:, 2] * boxes[:, 3] * rng.uniform(0.4, 1, n), 4),
        "iscrowd": (rng.random(n) < 1 / 80).astype(int),
    }
    seen = rng.integers(0, n, detections)
    seen = seen[np.argsort(of_image[seen], kind="stable")]
    near = rng.random(detections) < 0.5
    noise = rng.normal(size=(detections, 4)) * np.where(near, 0.08, 0.6)[:, None]
    found = boxes[seen]
    found[:, :2] += noise[:, :2] * found[:, 2:]
    found[:, 2:] *= np.exp(noise[:, 2:])
    other = rng.random(detections) < 0.2
    labels = np.where(other, rng.integers(0, classes, detections), label[seen])
    scores = rng.beta(1, 4, detections) * np.where(near, 1, 0.6)
    results: dict[str, Any] = {
        "image_id": image_ids[of_image[seen]],
        "category_id": categories[labels],
        "bbox": found.astype(np.float32).astype(float),  # digits as a network's boxes have them
        "score": scores.astype(np.float32).astype(float),
    }
    truth = {
        "info": {"description": "random"},
        "images": _rows(
            {
                "id": image_ids,
                "file_name": [f"{number:012}.jpg" for number in image_ids.tolist()],
                "width": [640] * images,
                "height": [480] * images,
            }
        ),
        "categories": [{"id": int(i), "name": f"class {i}"} for i in categories],
        "annotations": _rows(objects),
    }
    paths = folder / "annotations.json", folder / "results.json"
    for path, content in zip(paths, (truth, _rows(results))):
        write_bytes(path, orjson.dumps(content))
    return paths


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        dict(zip(columns, row)) for row in zip(*(np.asarray(c).tolist() for c in columns.values()))
    ]


if __name__ == "__main__":
    print(json.dumps(measure(*map(Path, sys.argv[1:]))))
