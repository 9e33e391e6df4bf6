"""How evaluation grows: our commands as whole processes, from an eighth to ten times a test set."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from backbones.benchmarks.growth import slope
from backbones.files.atomic import write_bytes
from backbones.machine.environment import environment
from resdet.benchmarks.coco import write_random_coco
from resdet.benchmarks.measuring import run_whole
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.whole import (
    COSTS,
    EVAL_COCO,
    EVAL_VOC,
    Command,
    coco_commands,
    voc_commands,
)
from resdet.evaluation.voc.comp4 import write_comp4
from resdet.structures.classes import VOC_CLASSES

SIZES = (0.125, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
_RUNS = 3
_COLOURS = {EVAL_VOC: "#0072b2", EVAL_COCO: "#d55e00"}
_PANELS = {"cpu_seconds": "seconds of the processor", "peak_megabytes": "most memory, MB"}


def benchmark_growth(
    voc: tuple[int, int], coco: tuple[int, int], sizes: Sequence[float] = SIZES
) -> dict[str, Any]:
    """{command: {"images", "detections", costs of each size, "exponent"}}; the best of three runs.

    voc and coco: images and detections at size 1. `exponent`: the slope of a cost over the size,
    both as logarithms, from size 1 on, where starting is little of it: 1 is linear.
    """
    full: dict[str, tuple[tuple[int, int], Callable[[Path, int, int], Command]]] = {
        EVAL_VOC: (voc, _voc),
        EVAL_COCO: (coco, _coco),
    }
    measured: dict[str, Any] = {"sizes": list(sizes)}
    for name, (counts, make) in full.items():
        rows = []
        for size in sizes:
            images, detections = (max(2, round(size * count)) for count in counts)
            with tempfile.TemporaryDirectory() as folder:
                command = make(Path(folder), images, detections)
                rows.append({"images": images, "detections": detections, **_best(command, folder)})
        columns = {key: [row[key] for row in rows] for key in rows[0]}
        measured[name] = {**columns, "exponent": _exponents(sizes, columns)}
    return {**measured, "environment": environment()}


def _best(command: Command, folder: str) -> dict[str, float]:
    runs = [
        run_whole(*map(str, command), env={"RESDET_CACHE": f"{folder}/{run}"})
        for run in range(_RUNS)
    ]
    return {cost: min(run[cost] for run in runs) for cost in COSTS}  # type: ignore[literal-required]


def _exponents(sizes: Sequence[float], columns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    at = [place for place, size in enumerate(sizes) if size >= 1]
    if len(at) < 2:
        return {}
    large = [sizes[place] for place in at]
    return {cost: slope(large, [columns[cost][place] for place in at]) for cost in COSTS}


def _voc(folder: Path, images: int, detections: int) -> Command:
    root, comp4 = folder / "VOC2007", folder / "comp4"
    table = make_voc(root, num_images=images, num_detections=detections)
    write_comp4(comp4, table, VOC_CLASSES)
    return voc_commands(root, comp4)[EVAL_VOC]


def _coco(folder: Path, images: int, detections: int) -> Command:
    files = write_random_coco(folder, images=images, detections=detections, classes=80)
    return coco_commands(*files)[EVAL_COCO]


def plot_growth(measured: Mapping[str, Any], path: Path) -> None:
    """Write a PNG of what `benchmark_growth` measured, and what linear growth would be."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    machine = measured["environment"]
    figure.suptitle(
        f"Whole processes, from files to printed numbers; {machine['cpu']}, "
        f"NumPy {machine['packages']['numpy']}",
        x=0.01,
        ha="left",
        fontsize=9,
    )
    for panel, (cost, title) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items()):
        for name, colour in _COLOURS.items():
            detections, values = measured[name]["detections"], measured[name][cost]
            panel.plot(detections, values, "o-", color=colour, markersize=4, label=name)
            linear = [values[-1] * count / detections[-1] for count in detections]
            panel.plot(detections, linear, "--", color=colour, linewidth=0.8)
        panel.set(xscale="log", yscale="log", xlabel="detections")
        panel.set_title(title, fontsize=9, loc="left")
        panel.tick_params(labelsize=7)
    panel.plot([], [], "--", color="#6b6b6b", linewidth=0.8, label="linear")
    panel.legend(fontsize=7, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    write_bytes(path, buffer.getvalue())
