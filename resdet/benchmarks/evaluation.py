"""What `tools/benchmark.py eval` measures: VOC, COCO and the bootstrap at full size."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from resdet.benchmarks.coco import benchmark_coco
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.voc import benchmark_voc
from resdet.data.voc import VOC_CLASSES, load_voc
from resdet.evaluation.bootstrap import draw_weights, resampled_ap
from resdet.evaluation.results import environment
from resdet.evaluation.voc import ground_truth_by_id, match_voc

EVALUATIONS = ("voc", "coco", "bootstrap")
RESAMPLES = 1000
_VOC, _COCO = (4952, 470_000), (5000, 487_000)  # images and detections: VOC2007 test, val2017


def benchmark_evaluation(only: Sequence[str] = EVALUATIONS, share: float = 1.0) -> dict[str, Any]:
    """The parts named in `only`, at `share` of the full size.

    Raises: ValueError for a share that is none.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], got {share}")
    measured: dict[str, Any] = {"share": share}
    voc, coco = ([max(2, round(share * n)) for n in size] for size in (_VOC, _COCO))
    with tempfile.TemporaryDirectory() as folder:
        if "voc" in only:
            measured["voc"] = benchmark_voc(Path(folder) / "voc", images=voc[0], detections=voc[1])
        if "coco" in only:
            measured["coco"] = benchmark_coco(
                Path(folder) / "coco", images=coco[0], detections=coco[1]
            )
        if "bootstrap" in only:
            measured["bootstrap"] = benchmark_bootstrap(
                Path(folder) / "bootstrap", images=voc[0], detections=voc[1]
            )
    return {**measured, "environment": environment()}


def benchmark_bootstrap(folder: Path, *, images: int, detections: int) -> dict[str, Any]:
    """Seconds of 1,000 resamples of two models' AP at IoU 0.5, from matches made before."""
    sides = []
    for seed in range(2):
        root = folder / str(seed) / "VOC2007"
        table = make_voc(root, num_images=images, num_detections=detections, seed=seed)
        data = load_voc(root, "test", images=False)
        sides.append(match_voc(ground_truth_by_id(data.records), table, VOC_CLASSES))
    start = time.perf_counter()
    weights = draw_weights(images, RESAMPLES, seed=0)
    for matches in sides:
        resampled_ap(matches, weights, ["11point"])
    return {
        "images": images,
        "detections": detections,
        "models": len(sides),
        "resamples": RESAMPLES,
        "seconds": time.perf_counter() - start,
    }


def tables(measured: Mapping[str, Any]) -> list[Table]:
    """One table a part, with the machine below it."""
    machine = measured["environment"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    made = []
    for part, lines in rows(measured).items():
        title = f"{part}, {_size(measured[part.lower()])}"
        width = max(len(title), len(where)) + 2
        table = Table(title=title, title_justify="left", min_width=width)
        table.caption, table.caption_justify = where, "left"
        table.add_column("")
        for name in ("seconds", "times as fast", "peak MB", "difference"):
            table.add_column(name, justify="right")
        for cells in lines:
            table.add_row(*cells)
        made.append(table)
    return made


def rows(measured: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """{"VOC": rows, ...}: what, seconds, times as fast as the peer, peak MB, difference from it."""
    made = {}
    if voc := measured.get("voc"):
        made["VOC"] = _voc_rows(voc)
    if coco := measured.get("coco"):
        columns = [coco[key] for key in ("seconds", "ratio", "peak_mb", "difference")]
        made["COCO"] = [_row(f"COCO, {name}", *(c[name] for c in columns)) for name in columns[0]]
    if boot := measured.get("bootstrap"):
        what = f"{boot['resamples']:,} resamples of {boot['models']} models"
        made["Bootstrap"] = [_row(what, boot["seconds"])]
    return made


def _voc_rows(voc: Mapping[str, Any]) -> list[list[str]]:
    theirs = voc["detectron2_seconds"]
    made = [
        _row(
            "VOC, ours", voc["seconds"], voc["ratio"], voc["peak_megabytes"], voc["max_difference"]
        ),
        _row("VOC, ours, XML cached", voc["seconds_with_cache"]),
    ]
    if theirs is None:
        return [*made, _row("VOC, detectron2: not here")]
    return [*made, _row("VOC, detectron2", theirs, 1.0, voc["detectron2_peak_megabytes"])]


def _row(what: str, *numbers: float | None) -> list[str]:
    formats = ("{:.2f}", "{:.1f}", "{:.0f}", "{:.1e}")
    cells = ["" if n is None else form.format(n) if n else "0" for form, n in zip(formats, numbers)]
    return [what, *cells, *[""] * (len(formats) - len(cells))]


def _size(part: Mapping[str, Any]) -> str:
    return f"{part['images']:,} images, {part['detections']:,} detections"
