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

RESAMPLES = 1000
_VOC, _COCO = (4952, 470_000), (5000, 487_000)  # images and detections: VOC2007 test, val2017


def benchmark_evaluation(only: Sequence[str], share: float = 1.0) -> dict[str, Any]:
    """The parts named in `only` ("voc", "coco", "bootstrap"), at `share` of the full size."""
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
    """One table a part, and the machine in the title of each."""
    machine = measured["environment"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    made = []
    if voc := measured.get("voc"):
        made.append(_table(f"VOC, {_size(voc)}, ten thresholds", where, _voc_rows(voc)))
    if coco := measured.get("coco"):
        made.append(_table(f"COCO, {_size(coco)}", where, _coco_rows(coco)))
    if boot := measured.get("bootstrap"):
        title = f"{boot['resamples']} resamples of {boot['models']} models, {_size(boot)}"
        made.append(_table(title, where, [("ours", boot["seconds"], None, None, None)]))
    return made


_Row = tuple[str, "float | None", "float | None", "float | None", "float | None"]


def _voc_rows(voc: Mapping[str, Any]) -> list[_Row]:
    rows: list[_Row] = [
        ("ours", voc["seconds"], voc["ratio"], voc["peak_megabytes"], None),
        ("ours, XML cached", voc["seconds_with_cache"], None, None, None),
    ]
    if voc["detectron2_seconds"] is None:
        return [*rows, ("detectron2: not here", None, None, None, None)]
    theirs = (voc["detectron2_seconds"], 1.0, voc["detectron2_peak_megabytes"])
    return [*rows, ("detectron2", *theirs, voc["max_difference"])]


def _coco_rows(coco: Mapping[str, Any]) -> list[_Row]:
    columns = ("seconds", "ratio", "peak_mb", "difference")
    rows = [(name, *(coco[key][name] for key in columns)) for name in coco["seconds"]]
    return [("ours (numpy)", *row[1:]) if row[0] == "numpy" else row for row in rows]


def _size(part: Mapping[str, Any]) -> str:
    return f"{part['images']:,} images, {part['detections']:,} detections"


def _table(title: str, where: str, rows: Sequence[_Row]) -> Table:
    width = max(len(title), len(where)) + 2
    table = Table(
        title=title, title_justify="left", caption=where, caption_justify="left", min_width=width
    )
    table.add_column("")
    for name in ("seconds", "times as fast", "peak MB", "difference"):
        table.add_column(name, justify="right")
    for name, *numbers in rows:
        formats = ("{:.2f}", "{:.1f}", "{:.0f}", "{:.1e}")
        cells = ["" if n is None else form.format(n) for form, n in zip(formats, numbers)]
        table.add_row(name, *cells)
    return table
