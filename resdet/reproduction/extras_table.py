"""What each extra of testing gains, as a table; `table9` measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backbones.reproduction.sheet import Sheet

FILE = "shapes_extras.json"  # beside the configs of detectors
# the paper's two numbers of Table 9: in the table, in the results
MEASURES = {"mAP@.5": "mAP@0.50", "mAP@[.5,.95]": "mAP, mean of 10"}
GAIN = ("gain", "low", "high", "p_value")


def extras_sheet(measured: Mapping[str, Any], files: Sequence[Path] = ()) -> Sheet:
    """A row a line: both measures, the gains with their intervals, the time, the paper's step."""
    names, lines = list(MEASURES), measured["lines"]
    header = ["test", *(cell for name in names for cell in (name, "gain")), "CPU ms an image"]
    header.append(f"the paper, {names[0]} and {names[1]}")
    return Sheet(
        title="Table 9: what each extra of testing gains, on synthetic shapes",
        header=header,
        rows=[_cells(line) for line in lines],
        records=[_record(line) for line in lines],
        words=frozenset({"test"}),
        files=files,
    )


def _cells(line: Mapping[str, Any]) -> list[str]:
    cells = [line["label"]]
    for name in MEASURES:
        cells += [f"{100 * line['measures'][name]:.1f}", gain_cell(line["gains"].get(name))]
    cells.append(f"{line['milliseconds']:.0f}")
    sign = "+" if line["gains"] else ""
    return [*cells, " ".join(f"{v:{sign}.1f}" for v in line["paper"] or ())]


def _record(line: Mapping[str, Any]) -> dict[str, Any]:
    record = {name: line[name] for name in ("label", "detector", "testing", "runs")}
    for place, name in enumerate(MEASURES):
        record[name] = line["measures"][name]
        gain = line["gains"].get(name, {})
        record |= {f"{name} {column}": gain.get(column, "") for column in GAIN}
        record[f"{name} paper"] = line["paper"][place] if line["paper"] else ""
    return record | {"milliseconds": line["milliseconds"]}


def gain_cell(gain: Mapping[str, float | None] | None) -> str:
    """In points, with the bounds that are known; "" of none."""
    if not gain or gain["gain"] is None:
        return ""
    low, high = gain["low"], gain["high"]
    around = "" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{100 * gain['gain']:+.1f}{around}"
