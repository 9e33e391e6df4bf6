"""Detectors at work, ours beside detectron2's and torchvision's: seconds of a pass, of a step."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.table import Table
from torch import Tensor

from backbones.benchmarks.conditions import benchmark_conditions, present
from backbones.benchmarks.limits import measure_limits, shares_of_limit
from backbones.export.request import SUFFIXES
from backbones.machine.hardware import available_cores
from backbones.machine.precision import Precision
from backbones.machine.versions import importable
from resdet.benchmarks import golden
from resdet.benchmarks.detector_task import KINDS, Task, Work, pictures
from resdet.benchmarks.measuring import run_module
from resdet.benchmarks.our_detector import write_exported, write_int8, write_weights
from resdet.detector.speed import Speed
from resdet.runtimes.choice import CONVERTERS, absent

OURS, ASKED = "resdet", "resdet, as asked"
OUR_MODULE = "resdet.benchmarks.our_process"
EXPORTED_MODULE = "resdet.benchmarks.exported_detector"
FORMS = {"openvino": "openvino", "onnxruntime": "onnx"}  # of the file that a runtime is given
INT8 = f"{OURS}, int8"
CALIBRATING = 10  # pictures
PEERS = {
    "detectron2": "resdet.benchmarks.peers.detectron2_detector",
    "torchvision": "resdet.benchmarks.peers.torchvision_detector",
}
HAS = {  # of the kinds, those that a peer has
    "detectron2": ("R-50-FPN", "R-50-C4", "R-101-C4"),
    "torchvision": ("R-50-FPN", "VGG-16"),
}
IMAGES_PER_STEP = 2
SMALLEST_SIDE = 64  # pixels: five levels of a pyramid


class Size(NamedTuple):
    """How much is measured: minutes on that kind of device."""

    kinds: tuple[str, ...]
    side: int
    calls: int
    rounds: int


_ON_CPU, _ALL = ("R-50-FPN", "R-101-C4"), tuple(KINDS)
SIZES: dict[tuple[str, Work], Size] = {
    ("cpu", "infer"): Size(_ON_CPU, side=320, calls=2, rounds=2),
    ("cpu", "train"): Size(_ON_CPU, side=320, calls=2, rounds=1),
    ("cuda", "infer"): Size(_ALL, side=800, calls=20, rounds=1),
    ("cuda", "train"): Size(_ALL, side=800, calls=20, rounds=1),
}


@dataclass(frozen=True)
class Wanted:
    """What is to be measured: sizes are those of `SIZES` where none are given.

    All ways are fp32, eager, an image a pass; `precision`, `compiled` and `batch` give ours a way
    more, but `batch` in training is the images of a step for all. Each runs on `threads` cores,
    all by default. `profiled` names what ours spends its time on.
    """

    kinds: Sequence[str] | None = None
    side: int | None = None
    calls: int | None = None
    rounds: int | None = None
    device: str = "cpu"
    precision: Precision = "fp32"
    compiled: bool = False
    batch: int | None = None
    profiled: bool = False
    threads: int | None = None

    def size(self, work: Work) -> Size:
        """Raises: ValueError for an unknown kind, a size out of range, a device that is absent."""
        usual = SIZES[present(self.device).type, work]
        if unknown := [kind for kind in self.kinds or () if kind not in KINDS]:
            raise ValueError(f"kinds must be among {', '.join(KINDS)}, got {', '.join(unknown)}")
        return Size(
            kinds=tuple(self.kinds or usual.kinds),
            side=_at_least("side", self.side, usual.side, SMALLEST_SIDE),
            calls=_at_least("calls", self.calls, usual.calls, 1),
            rounds=_at_least("rounds", self.rounds, usual.rounds, 1),
        )


def benchmark_detectors(work: Work, folder: Path, wanted: Wanted) -> dict[str, Any]:
    """{kind: seconds, ratio to ours, operations and share of the limit of each way; differences}.

    "infer" is an image, uint8 tensor on the host to detections there; "train" a step of two
    images: losses, gradients, SGD. Each way runs in turn in fresh processes.

    Ours, by torch and by the other runtimes, and detectron2's have the same random weights, and
    largest_difference holds how far their detections are from ours by torch; torchvision's networks
    have other layers (stride, anchors, pooling), hence weights of their own. Operations are those
    of convolutions and matrix products as they are written, two a multiply-add; share_of_limit is
    operations a second by the most that any way reached, matrix products of the device in that
    precision among them.
    Raises: as `Wanted.size`.
    """
    size = wanted.size(work)
    asked = Speed(wanted.precision, wanted.compiled, 1 if wanted.batch is None else wanted.batch)
    in_step = (wanted.batch or IMAGES_PER_STEP) if work == "train" else 1
    cores = wanted.threads or available_cores()
    limits = measure_limits(wanted.device, cores)
    results = {}
    for kind in size.kinds:
        weights = folder / f"{kind}.pth"
        write_weights(kind, weights)
        plain = Task(
            *(work, kind, str(weights), size.side, size.calls, in_step, wanted.device),
            profiled=wanted.profiled,
        )
        files = _exported(plain, weights)
        ways = _ways(plain, asked) | {
            way: (EXPORTED_MODULE, replace(plain, weights=str(file))) for way, file in files.items()
        }
        runs = _runs(ways, size.rounds, cores)
        for file in folder.glob(f"{kind}.*"):
            file.unlink()
        results[kind] = _summary({way: task for way, (_, task) in ways.items()}, runs, limits)
    return {
        "work": work,
        "short_side": size.side,
        "calls": size.calls,
        "images_per_step": in_step,
        "as_asked": {
            "precision": asked.precision,
            "compiled": asked.compiled,
            "batch": asked.batch,
        },
        "rounds": size.rounds,
        "threads": cores,
        "limits": limits,
        "kinds": results,
        **benchmark_conditions(torch.device(wanted.device)),
    }


def _runs(
    ways: Mapping[str, tuple[str, Task]], rounds: int, cores: int
) -> dict[str, list[dict[str, Any]]]:
    """What each way's process measured, in turn."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (module, task) in ways.items():
            env = {"OMP_NUM_THREADS": str(cores)}
            runs[way].append(run_module(module, task.text(), env=env))
    return runs


def _at_least(name: str, value: int | None, default: int, least: int) -> int:
    chosen = default if value is None else value
    if chosen < least:
        raise ValueError(f"{name} must be at least {least}, got {chosen}")
    return chosen


def _ways(plain: Task, asked: Speed) -> dict[str, tuple[str, Task]]:
    """Each way's module and task."""
    ways = {OURS: (OUR_MODULE, plain)}
    images = plain.batch if plain.work == "train" else asked.batch
    task = replace(plain, precision=asked.precision, compiled=asked.compiled, batch=images)
    if task != plain:
        ways[ASKED] = (OUR_MODULE, task)
    for library, module in PEERS.items():
        if plain.kind in HAS[library] and importlib.util.find_spec(library) is not None:
            ways[library] = (module, replace(plain, profiled=False))
    return ways


def _exported(plain: Task, weights: Path) -> dict[str, Path]:
    """The files that other runtimes run, written beside the weights, by way."""
    forms = _forms(plain)
    if forms:
        write_exported(plain.kind, weights, tuple(forms.values()))
    files = {
        f"{OURS}, {runtime}": weights.with_suffix(SUFFIXES[form]) for runtime, form in forms.items()
    }
    if "openvino" in forms and importable("nncf"):
        files[INT8] = write_int8(files[f"{OURS}, openvino"], pictures(plain.side, CALIBRATING))
    return files


def _forms(plain: Task) -> dict[str, str]:
    """The other runtimes that are here, and the form of the file that each is to run."""
    if plain.work == "train" or plain.device != "cpu":
        return {}
    return {name: form for name, form in FORMS.items() if not absent(name, CONVERTERS)}


def _summary(
    tasks: Mapping[str, Task],
    runs: Mapping[str, Sequence[Mapping[str, Any]]],
    limits: Mapping[str, Any],
) -> dict[str, Any]:
    """Seconds and operations of an image or a step, and what follows from them."""
    images = {way: 1 if task.work == "train" else task.batch for way, task in tasks.items()}
    seconds = {
        way: statistics.median(s for r in rs for s in r["seconds"]) / images[way]
        for way, rs in runs.items()
    }
    first = runs[OURS][0]  # a graph that is exported does not count its own
    operations = {
        way: rs[0].get("operations", first["operations"]) / images[way] for way, rs in runs.items()
    }
    summary: dict[str, Any] = {
        "seconds": seconds,
        "ratio": {way: value / seconds[OURS] for way, value in seconds.items()},
        "processor_seconds": {
            way: statistics.median(s for r in rs for s in r["processor_seconds"]) / images[way]
            for way, rs in runs.items()
            if "processor_seconds" in rs[0]  # a GPU's are its host's
        },
        "operations": operations,
        "share_of_limit": shares_of_limit(
            {way: operations[way] / seconds[way] for way in tasks},
            {way: task.precision for way, task in tasks.items()},
            limits,
        ),
        "peak_megabytes": {w: max(r["peak_megabytes"] or 0 for r in rs) for w, rs in runs.items()},
    }
    if profiles := {way: rs[0]["profile"] for way, rs in runs.items() if "profile" in rs[0]}:
        summary["profile"] = profiles
    ours = first.get("found")
    if ours is not None:
        summary["detections"] = [len(found["scores"]) for found in ours]
        summary["largest_difference"] = {
            way: _apart(ours, rs[0]["found"])
            for way, rs in runs.items()
            # fewer bits move scores past thresholds: what that costs is an mAP's to say
            if way not in (OURS, INT8) and "found" in rs[0] and tasks[way].precision == "fp32"
        }
    return summary


def _apart(ours: Sequence[Any], theirs: Sequence[Any]) -> dict[str, float]:
    pairs = [golden.pair_up(_found(a), _found(b)) for a, b in zip(ours, theirs)]
    return {"boxes": max(box for box, _ in pairs), "scores": max(score for _, score in pairs)}


def _found(columns: Mapping[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    boxes = torch.tensor(columns["boxes"]).reshape(-1, 4)
    return boxes, torch.tensor(columns["labels"]), torch.tensor(columns["scores"])


def profile_tables(measured: Mapping[str, Any]) -> list[Table]:
    """The costliest operators of our passes or steps, where they were asked for."""
    tables = []
    for kind, summary in measured["kinds"].items():
        for way, costs in summary.get("profile", {}).items():
            title = f"{measured['work']} {kind}, {way}: most of the time"
            table = Table(title=title, title_justify="left")
            table.add_column("operator")
            table.add_column("own ms", justify="right")
            table.add_column("share", justify="right")
            for cost in costs:
                table.add_row(cost["name"], f"{cost['self_ms']:.1f}", f"{cost['share']:.1%}")
            tables.append(table)
    return tables
