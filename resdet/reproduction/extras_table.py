"""What each extra of testing gains, as a table; `table9` measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FILE = "shapes_extras.json"  # beside the configs of detectors
# the paper's two numbers of Table 9: in the table, in the results
MEASURES = {"mAP@.5": "mAP@0.50", "mAP@[.5,.95]": "mAP, mean of 10"}


def extras_table(measured: Mapping[str, Any]) -> str:
    """A row a line: both measures, the gains with their intervals, the time, the paper's step."""
    names = list(MEASURES)
    head = ["test", *(cell for name in names for cell in (name, "gain")), "CPU ms an image"]
    head.append(f"the paper, {names[0]} and {names[1]}")
    rows = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    for line in measured["lines"]:
        cells = [line["label"]]
        for name in names:
            cells += [f"{100 * line['measures'][name]:.1f}", _gain(line["gains"].get(name))]
        cells.append(f"{line['milliseconds']:.0f}")
        sign = "+" if line["gains"] else ""
        cells.append(" ".join(f"{v:{sign}.1f}" for v in line["paper"] or ()))
        rows.append(_row(cells))
    return "\n".join(rows) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _gain(gain: Mapping[str, float | None] | None) -> str:
    if not gain or gain["gain"] is None:
        return ""
    low, high = gain["low"], gain["high"]
    around = "" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{100 * gain['gain']:+.1f}{around}"
