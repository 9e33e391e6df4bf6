"""What int8 costs and gains, from the results beside the configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resdet.benchmarks.suite import times

INT8 = "int8"
_AGAINST = ("torch", "torch, before", "detectron2", "OpenVINO")


def int8_table(measured: Mapping[str, Any]) -> str:
    """What trained detectors lose; then how many times as fast all are, and their memory."""
    rows = ["| detector | test images | mAP, float | int8 | difference (95 %) | MB on disk |"]
    rows.append("|---|---:|---:|---:|---:|---:|")
    rows += [_accuracy(one) for one in measured["detectors"] if "measured" in one]
    ways = " | ".join(f"as {way}" for way in _AGAINST)
    speeds = [f"| detector | threads | int8 is as fast {ways} | peak MB, torch -> int8 |"]
    speeds.append("|---|---:|" + "---:|" * (1 + len(_AGAINST)))
    speeds += [
        _speed(one["name"], threads, found)
        for one in measured["detectors"]
        for threads, found in one["threads"].items()
    ]
    versions = (f"{name} {version}" for name, version in measured["versions"].items())
    told = f"{measured['hardware']}; {', '.join(versions)}."
    return "\n\n".join("\n".join(part) for part in (rows, speeds, [told])) + "\n"


def _accuracy(one: Mapping[str, Any]) -> str:
    lost, sizes = one["measured"], one["megabytes"]
    known = lost["interval"]
    sure = f" ({100 * known['low']:+.1f} to {100 * known['high']:+.1f})" if known else ""
    told = (
        one["name"],
        f"{lost['num_images']}",
        *(f"{100 * lost[side]:.1f}" for side in ("plain", "quantised")),
        f"{100 * (lost['quantised'] - lost['plain']):+.1f}{sure}",
        f"{sizes['OpenVINO']:.1f} -> {sizes[INT8]:.1f}",
    )
    return f"| {' | '.join(told)} |"


def _speed(name: str, threads: str, found: Mapping[str, Any]) -> str:
    """Processor seconds of an image; the memory of torch's process and of int8's."""
    seconds, memory = found["processor_seconds"], found["peak_megabytes"]
    ratios = [times(seconds[way] / seconds[INT8]) if way in seconds else "" for way in _AGAINST]
    told = (name, threads, *ratios, f"{memory['torch']:.0f} -> {memory[INT8]:.0f}")
    return f"| {' | '.join(told)} |"
