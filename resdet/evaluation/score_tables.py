"""Results as tables for people: x100, one decimal, the convention in the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from backbones.terminal.wording import count
from resdet.evaluation.average_precision import GRID_NAMES, metric_title
from resdet.evaluation.coco.score import TWELVE
from resdet.evaluation.measures import classes_told, convention, recall_of, rule

COLUMNS = 4  # what a terminal of 80 holds


def percent(value: float | None, sign: bool = False) -> str:
    """0.7321 -> "73.2"; with a sign for gains; "n/a" where undefined."""
    if value is None or (value < 0 and not sign):
        return "n/a"
    return f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"


def voc_table(*results: Mapping[str, Any]) -> Table:
    """AP of each class by threshold and metric, the mean in the last row.

    The results are of one matching: they differ in their metric alone.
    """
    title = f"AP@t x100, {rule(results[0])}"
    columns = [(result, key) for result in results for key in result["mAP"]]
    if len(columns) > COLUMNS:
        return _threshold_table(title, results)
    table = plain_table(title, _grids_told(results))
    table.add_column("class")
    for result, key in columns:
        table.add_column(f"AP@{key} {metric_title(result['metric'])}", justify="right")
    for name in results[0]["per_class"]:
        cells = (percent(result["per_class"][name][key]) for result, key in columns)
        table.add_row(Text(name), *cells)
    table.add_section()
    table.add_row("mAP", *(percent(result["mAP"][key]) for result, key in columns), style="bold")
    return table


def _threshold_table(title: str, results: Sequence[Mapping[str, Any]]) -> Table:
    """MAP by threshold, one row each, and the mean of them; classes have no room here."""
    table = plain_table(title, _grids_told(results))
    table.add_column("IoU")
    for result in results:
        table.add_column(f"mAP {metric_title(result['metric'])}", justify="right")
    keys = list(results[0]["mAP"])
    for key in keys:
        table.add_row(key, *(percent(result["mAP"][key]) for result in results))
    table.add_section()
    known = [[v for v in result["mAP"].values() if v is not None] for result in results]
    means = (percent(sum(v) / len(v) if v else None) for v in known)
    table.add_row(f"mean of {len(keys)}", *means, style="bold")
    return table


def coco_table(result: Mapping[str, Any]) -> Table:
    """The twelve, one row each: twelve columns do not fit a terminal of 80."""
    title = f"x100, {convention(result)}, by {result['backend']}"
    table = plain_table(title)
    table.add_column("COCO")
    table.add_column("value", justify="right")
    over = result.get("classes_in_mean_by_area", {})
    if over:
        table.add_column("mean of")
    for name, (_, _, area, most) in TWELVE.items():
        if result[name] is None:
            continue
        limits = result.get("max_detections", ())
        shown = f"AR{limits[most]}" if limits and name in ("AR1", "AR10", "AR100") else name
        told = [classes_told(list(over.values())[area], len(result["per_class"]))] if over else []
        table.add_row(shown, percent(result[name]), *told)
    return table


def coco_class_table(result: Mapping[str, Any]) -> Table:
    """AP[.50:.95] of each class."""
    title = f"AP[.50:.95] by class, x100, {convention(result)}"
    table = plain_table(title)
    table.add_column("class")
    table.add_column("AP", justify="right")
    for name, value in result["per_class"].items():
        table.add_row(Text(name), percent(value))
    return table


def _grids_told(results: Sequence[Mapping[str, Any]]) -> str:
    """What the mAP by eleven points would be on the other grids, where that is another."""
    for result in results:
        others = result.get("other_grids", {})
        told = [
            f"by {GRID_NAMES[grid]} {_moved(result['mAP'], aps)}" for grid, aps in others.items()
        ]
        if told:
            return f"11-point at {GRID_NAMES[recall_of(result)]}; {'; '.join(told)}"
    return ""


def _moved(aps: Mapping[str, float | None], others: Mapping[str, float | None]) -> str:
    """The threshold at which the two are furthest apart: "mAP@0.50 27.3 (-9.1)"."""
    apart = {key: (others[key] or 0.0) - (aps[key] or 0.0) for key in aps}
    key = max(apart, key=lambda key: abs(apart[key]))
    return f"mAP@{key} {percent(others[key])} ({100 * apart[key]:+.2f})"


def plain_table(title: str, caption: str = "") -> Table:
    """As wide as its title and caption, at least."""
    width = max(len(title), len(caption)) + 2
    return Table(
        title=title,
        title_justify="left",
        caption=caption or None,
        caption_justify="left",
        min_width=width,
    )


def localisation_table(scores: Mapping[str, Any]) -> Table:
    """Errors by the number of guesses, as the devkit prints them."""
    left_out = f", {count(scores['left_out'], 'image')} left out" if scores["left_out"] else ""
    table = plain_table(
        f"errors, %, of {count(scores['num_images'], 'image')}{left_out}, IoU >= "
        f"{scores['threshold']:g}"
    )
    for title in ("guesses", "localisation", "classification"):
        table.add_column(title, justify="right")
    pairs = zip(scores["localisation"], scores["classification"], strict=True)
    for guesses, errors in enumerate(pairs, start=1):
        table.add_row(str(guesses), *(f"{error:.1f}" for error in errors))
    return table


def score_tables(scores: Mapping[str, Any]) -> list[Table]:
    """The tables of one dataset as results.json holds it: by the rules that scored it."""
    if "localisation" in scores:
        return [localisation_table(scores)]
    if "AP" in scores:
        return [coco_table(scores)]
    return [voc_table(*scores.values())] if scores else []
