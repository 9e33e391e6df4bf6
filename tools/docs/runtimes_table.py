"""What other runtimes make of an exported detector, from tools/runtimes/measured.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = (
    *("runtime", "version", "file", "any size", "worst px", "score", "alone"),
    *("as fast as torch", "peak MB", "remark"),
)
_RUNS = {True: "yes", False: "**no**", None: "not tried"}
_ROUNDED = "int8"  # what that costs is an mAP's to say


def runtimes_table(measured: Mapping[str, Any]) -> str:
    """A row a runtime; what it was measured on."""
    rows = [f"| {' | '.join(_HEAD)} |", "|---|---|---|---|---:|---:|---:|---:|---:|---|"]
    rows += [line(name, told) for name, told in measured["runtimes"].items()]
    machine, peak = measured["environment"], measured["torch_peak_megabytes"]
    torch = f"torch {machine['packages']['torch']}, which takes {peak:.0f} MB"
    told = f"{machine['cpu']}, one thread; Python {machine['python']}; {torch}."
    return "\n".join([*rows, "", told, ""])


def line(name: str, told: Mapping[str, Any]) -> str:
    """The row of one."""
    runs, refused = told.get("runs", told["loads"]), told.get("refused", {})
    numbers = _numbers(told) if runs else [""] * 5
    words = [told.get("why", ""), told["remark"], *(f"{at}: {why}" for at, why in refused.items())]
    remark = "; ".join(filter(None, words)).replace("|", "/")
    sizes = "not all sizes" if refused else _RUNS[runs]
    return f"| {' | '.join([name, told['version'], told['form'], sizes, *numbers, remark])} |"


def _numbers(told: Mapping[str, Any]) -> list[str]:
    every = told["pairs"] + told["at_limit"] + told["alone"]
    apart = [f"{told['box']:.1e}", f"{told['score']:.1e}", f"{told['alone']} of {every}"]
    speed = [f"{told['as_fast_as_torch']:.2f}x", f"{told['peak_megabytes']:.0f}"]
    return [*([""] * 3 if told["form"] == _ROUNDED else apart), *speed]
