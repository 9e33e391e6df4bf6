"""What the benchmarks are held to: a goal, what was measured, whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from resdet.benchmarks.whole import EVAL_COCO, EVAL_VOC

Result = Mapping[str, Any]
_OURS, _OPENVINO, _INT8 = "resdet", "resdet, openvino", "resdet, int8"


@dataclass(frozen=True)
class Goal:
    """At least `least` of what `find` takes from a benchmark's result; on one device or on all.

    `find` returns None where the peer was not there.
    """

    text: str
    benchmark: str
    least: float
    find: Callable[[Result], float | None]
    device: str = ""


def judge(measured: Mapping[str, Result], device: str = "cpu") -> list[dict[str, Any]]:
    """[{goal, benchmark, least, measured, met}] of what was run; met is None without a peer."""
    rows = []
    for goal in GOALS:
        if goal.benchmark not in measured or goal.device not in ("", device.partition(":")[0]):
            continue
        value = goal.find(measured[goal.benchmark])
        rows.append(
            {
                "goal": goal.text,
                "benchmark": goal.benchmark,
                "least": goal.least,
                "measured": value,
                "met": None if value is None else value >= goal.least,
            }
        )
    return rows


def goals_table(rows: Sequence[Result]) -> Table:
    """The goals, those missed in red."""
    table = Table(title="goals", title_justify="left")
    table.add_column("goal")
    for heading in ("at least", "measured", "met"):
        table.add_column(heading, justify="right")
    for row in rows:
        value = "" if row["measured"] is None else f"{row['measured']:.2f}"
        table.add_row(row["goal"], f"{row['least']:g}", value, MET[row["met"]])
    return table


MET = {True: "yes", False: "[red]no[/red]", None: "peer not here"}


def _least(values: Sequence[float]) -> float | None:
    return min(values, default=None)


def _of_input(key: str) -> Callable[[Result], float | None]:
    """Of the paper's augmentation."""
    return lambda result: result["classification"]["scale"][key]["resdet"]


def _against_detectron2(result: Result) -> float | None:
    """The worst kind, each by torch: fp32 on a CPU unless asked otherwise."""
    kinds = [kind["seconds"] for kind in result["kinds"].values()]
    ratios = [
        kind["detectron2"] / min(kind[way] for way in ("resdet", "resdet, as asked") if way in kind)
        for kind in kinds
        if "detectron2" in kind
    ]
    return _least(ratios)


def _by(way: str, key: str, peer: str = _OURS) -> Callable[[Result], float | None]:
    """What a peer, ours by torch, takes of it over what the way does, of the worst kind."""

    def find(result: Result) -> float | None:
        kinds = [kind.get(key, {}) for kind in result["kinds"].values()]
        return _least([k[peer] / k[way] for k in kinds if way in k and peer in k])

    return find


def _training_against(peer: str) -> Callable[[Result], float | None]:
    def find(result: Result) -> float | None:
        speeds = [network["images_per_second"] for network in result["networks"].values()]
        return _least([speed["resdet"] / speed[peer] for speed in speeds if peer in speed])

    return find


def _whole(part: str, command: str) -> Callable[[Result], float | None]:
    """From the files to printed numbers, by the clock."""

    def find(result: Result) -> float | None:
        whole: Result = result.get(part, {}).get("whole", {})
        return whole.get("ratio", {}).get(command)

    return find


# Source: the goals of the project's plan, part by part
GOALS = (
    Goal(
        "input, the paper's views: times torchvision's PIL pipeline",
        "input",
        1.8,
        _of_input("ratio"),
    ),
    Goal(
        "input, the paper's views: share of decoding alone",
        "input",
        0.75,
        _of_input("of_decode_alone"),
    ),
    Goal("detectors: times detectron2's fp32", "infer-det", 1.2, _against_detectron2, "cpu"),
    Goal("detectors: times detectron2's fp32", "infer-det", 2.0, _against_detectron2, "cuda"),
    Goal(
        "OpenVINO: torch's peak memory, times its own",
        "infer-det",
        2.0,
        _by(_OPENVINO, "peak_megabytes"),
        "cpu",
    ),
    Goal(
        "int8: times detectron2's fp32, processor seconds",
        "infer-det",
        5.0,
        _by(_INT8, "processor_seconds", "detectron2"),
        "cpu",
    ),
    Goal(
        "training: times torchvision's loop with its AMP",
        "train-backbone",
        1.3,
        _training_against("torchvision"),
        "cuda",
    ),
    Goal("training: times timm", "train-backbone", 1.0, _training_against("timm")),
    *(
        Goal(f"training detectors: times {peer}", "train-det", 1.0, _by(_OURS, "seconds", peer))
        for peer in ("torchvision", "detectron2")
    ),
    Goal(
        "VOC evaluation, whole process: times detectron2",
        "eval",
        40,
        _whole("voc", EVAL_VOC),
    ),
    Goal(
        "COCO evaluation, whole process: times pycocotools",
        "eval",
        30,
        _whole("coco", EVAL_COCO),
    ),
)
