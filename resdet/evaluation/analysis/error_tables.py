"""Where the errors are, as tables for people: AP and its costs x100, scores as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from resdet.evaluation.analysis.costs import ALL_FALSE_POSITIVES
from resdet.evaluation.analysis.errors import ERRORS
from resdet.evaluation.average_precision import metric_title, threshold_key
from resdet.evaluation.measures import classes_told
from resdet.evaluation.score_tables import percent

MEANINGS = {
    "classification": "right place, wrong class",
    "localisation": "right class, box too far off",
    "both": "wrong class, box too far off",
    "duplicate": "found once already",
    "background": "nothing is there",
    "missed": "not found at all",
}
CONFUSIONS = 10  # the most frequent ones; the whole matrix is in the JSON and the plots


def analysis_tables(analysis: Mapping[str, Any]) -> list[Table]:
    """Costs, classes, sizes and confusions of an `analyse`; each fits a terminal of 80."""
    tables = [_costs(analysis), _classes(analysis)]
    if analysis["sizes"]:
        tables.append(_sizes(analysis))
    confusions = _confusions(analysis)
    return [*tables, confusions] if confusions.row_count else tables


def convention_of(analysis: Mapping[str, Any]) -> str:
    """What made the numbers: "area AP, IoU >= 0.50"."""
    return f"{metric_title(analysis['metric'])} AP, {iou_of(analysis)}"


def iou_of(analysis: Mapping[str, Any]) -> str:
    """What counts as found: "IoU >= 0.50"."""
    sign = ">=" if analysis["iou_rule"] == "ge" else ">"
    return f"IoU {sign} {threshold_key(analysis['threshold'])}"


def costs_title(analysis: Mapping[str, Any]) -> str:
    """Above the costs: "area AP, IoU >= 0.50: 73.2, the mean of 20 classes; ..."."""
    over = classes_told(analysis["classes_in_mean"], len(analysis["per_class"]))
    told = f"{percent(analysis['AP'])}, the mean of {over}"
    return f"{convention_of(analysis)}: {told}; what errors cost, x100"


def points(value: float | None) -> str:
    """0.0731 -> "7.3"; unlike an AP, what an error costs may be below 0."""
    return "n/a" if value is None else f"{100 * value:.1f}".replace("-0.0", "0.0")


def _costs(analysis: Mapping[str, Any]) -> Table:
    table = _table(costs_title(analysis))
    table.add_column("kind")
    table.add_column("what it is")
    table.add_column("count", justify="right")
    table.add_column("AP lost", justify="right")
    for name, cost in analysis["errors"].items():
        if name == ALL_FALSE_POSITIVES:
            table.add_section()
        table.add_row(name, MEANINGS.get(name, ""), f"{cost['count']:,}", points(cost["dAP"]))
    return table


def _classes(analysis: Mapping[str, Any]) -> Table:
    table = _table(f"By class, x100: {convention_of(analysis)}; best F1, and the score it takes")
    table.add_column("class", overflow="fold")
    for name in ("AP", "F1", "P", "R", "score"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("costs most", no_wrap=True)
    for name, ap in analysis["per_class"].items():
        f1 = analysis["best_f1"]["per_class"][name]
        table.add_row(Text(name), percent(ap), *_f1_cells(f1), _costliest(analysis, name))
    table.add_section()
    pooled = analysis["best_f1"]["all"]
    over = classes_told(analysis["classes_in_mean"], len(analysis["per_class"]))
    table.add_row(
        f"all (AP: {over})", percent(analysis["AP"]), *_f1_cells(pooled), "", style="bold"
    )
    return table


def _f1_cells(f1: Mapping[str, float | None]) -> list[str]:
    rates = [percent(f1[name]) for name in ("f1", "precision", "recall")]
    return [*rates, "n/a" if f1["score"] is None else f"{f1['score']:.3f}"]


def _costliest(analysis: Mapping[str, Any], name: str) -> str:
    costs = {kind: analysis["errors"][kind]["per_class"][name]["dAP"] or 0.0 for kind in ERRORS}
    kind = max(costs, key=lambda kind: costs[kind])
    return f"{kind} {points(costs[kind])}" if costs[kind] > 0 else ""


def _sizes(analysis: Mapping[str, Any]) -> Table:
    table = _table(f"By size of the objects, x100: {convention_of(analysis)}")
    table.add_column("size")
    table.add_column("area, square pixels")
    table.add_column("objects", justify="right")
    keys = list(next(iter(analysis["sizes"].values()))["mAP"])
    shown = [threshold_key(analysis["threshold"])] if len(keys) > 4 else keys
    for key in shown:
        table.add_column(f"mAP@{key}", justify="right")
    if len(keys) > 1:
        table.add_column(f"mean of {len(keys)}", justify="right")
    table.add_column("mean of", justify="right")
    for name, size in analysis["sizes"].items():
        least, most = size["area"]
        area = f"{least:,.0f} and more" if most is None else f"{least:,.0f} to {most:,.0f}"
        aps = size["mAP"]
        cells = [percent(aps.get(key)) for key in shown]
        if len(keys) > 1:
            known = [ap for ap in aps.values() if ap is not None]
            cells.append(percent(sum(known) / len(known) if known else None))
        over = classes_told(size["classes_in_mean"], len(size["per_class"]))
        table.add_row(name, area, f"{size['objects']:,}", *cells, over)
    return table


def _confusions(analysis: Mapping[str, Any]) -> Table:
    confusion = analysis["confusion"]
    matrix, names = confusion["matrix"], confusion["classes"]
    found = [
        (count, row, column)
        for row, counts in enumerate(matrix[:-1])
        for column, count in enumerate(counts[:-1])
        if count and row != column
    ]
    table = _table(f"Most frequent confusions, at scores from {confusion['score']:.3f}")
    table.add_column("object", overflow="fold")
    table.add_column("taken for", overflow="fold")
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("% of the objects", justify="right", no_wrap=True)
    for count, row, column in sorted(found, key=lambda entry: -entry[0])[:CONFUSIONS]:
        share = percent(count / sum(matrix[row]))
        table.add_row(Text(names[row]), Text(names[column]), f"{count:,}", share)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", min_width=min(len(title) + 2, 80))
