"""COCO's evaluation timed: from two JSON files on disk to the twelve numbers."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from backbones.files.atomic import write_bytes
from backbones.machine.environment import environment
from resdet.benchmarks.measuring import peak_megabytes, run_module
from resdet.evaluation.coco.score import TWELVE, evaluate_coco

BACKENDS = ("numpy", "faster", "pycocotools")
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
    over that of each; `difference` the largest one among the twelve.
    """
    annotations, results = write_random_coco(
        folder, images=images, detections=detections, classes=classes
    )
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in backends}
    for _ in range(rounds):
        for name, of_backend in runs.items():
            of_backend.append(run_module("resdet.benchmarks.coco", name, annotations, results))
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
        "environment": environment(),
    }


def measure(backend: str, annotations: Path, results: Path) -> dict[str, Any]:
    """Seconds, the twelve, and the most memory of this process in MB, None where unknown."""
    evaluate = _evaluator(backend)
    start = time.perf_counter()
    twelve = evaluate(annotations, results)
    return {
        "seconds": time.perf_counter() - start,
        "twelve": twelve,
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
        "images": _rows({"id": image_ids, "width": [640] * images, "height": [480] * images}),
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


def _evaluator(backend: str) -> Callable[[Path, Path], list[float]]:
    if backend == "numpy":
        return _ours
    if backend == "faster":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

    def evaluate(annotations: Path, results: Path) -> list[float]:
        with redirect_stdout(StringIO()):
            truth = COCO(str(annotations))
            judge = COCOeval(truth, truth.loadRes(str(results)), "bbox")
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
        return [float(value) for value in judge.stats[: len(TWELVE)]]

    return evaluate


def _ours(annotations: Path, results: Path) -> list[float]:
    scores = evaluate_coco(annotations, results)
    return [scores[name] for name in TWELVE]


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
