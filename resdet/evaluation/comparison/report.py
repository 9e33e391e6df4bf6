"""A comparison for people: tables, Markdown, and in words what the intervals hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from backbones.terminal.wording import count
from resdet.evaluation.comparison.bootstrap import FEWEST_IMAGES
from resdet.evaluation.comparison.compare import Comparison, Row
from resdet.evaluation.comparison.paper import PaperRows
from resdet.evaluation.comparison.sides import Side
from resdet.evaluation.score_tables import percent

_NAME_WIDTH = 10  # columns of a model's name: two of them and the numbers fit a terminal of 80


def comparison_tables(
    comparison: Comparison, title: str, paper: Sequence[PaperRows]
) -> list[Table]:
    """One table for each other model: measure, baseline, other, gain, interval, p.

    `paper`: what the paper has for each of them, below the rows. A gain is green or red where
    its interval leaves out 0.
    """
    tables = []
    for other, rows, pairs in zip(comparison.others, comparison.rows, paper):
        table = Table(title=title, title_justify="left", min_width=min(len(title) + 2, 80))
        table.add_column("AP x100", overflow="fold")
        heading = _heading(comparison, other)
        for name in heading[:2]:
            head = Text(_broken(name))
            table.add_column(head, justify="right", overflow="fold", max_width=_NAME_WIDTH)
        for name in heading[2:]:
            table.add_column(Text(name), justify="right", no_wrap=True)
        for row in _shown(rows):
            cells = _cells(row, comparison)
            cells[3] = f"[{_colour(row)}]{cells[3]}[/]" if _colour(row) else cells[3]
            table.add_row(Text(cells[0]), *cells[1:4], *map(Text, cells[4:]))
        table.add_section()
        for row in _of_paper(pairs):
            table.add_row(*_values(row))
        tables.append(table)
    return tables


def comparison_markdown(comparison: Comparison, title: str, paper: Sequence[PaperRows]) -> str:
    """The same tables in Markdown, and the notes below."""
    blocks = []
    for other, rows, pairs in zip(comparison.others, comparison.rows, paper):
        heading = ["AP x100", *_heading(comparison, other)]
        lines = [title, "", _line(heading), "|---" + "|---:" * (len(heading) - 1) + "|"]
        lines += [_line(_cells(row, comparison)) for row in _shown(rows)]
        lines += [_line([*_values(row), *[""] * (len(heading) - 4)]) for row in _of_paper(pairs)]
        blocks.append("\n".join(lines))
    blocks += [f"* {note}" for note in notes(comparison, paper)]
    return "\n\n".join(blocks) + "\n"


def notes(comparison: Comparison, paper: Sequence[PaperRows]) -> list[str]:
    """How the intervals were made, what they leave out, the spread of runs, and the paper's."""
    source = ["paper: He et al. 2016, Tables 7 and 8, VGG-16 and ResNet-101."] if any(paper) else []
    return [*_uncertainty_in_words(comparison), *source]


def _uncertainty_in_words(comparison: Comparison) -> list[str]:
    several = [side for side in (comparison.baseline, *comparison.others) if len(side.runs) > 1]
    spread = [_spread(comparison, side) for side in several]
    if comparison.why_no_interval:
        return [f"No interval, no p-value: {comparison.why_no_interval}.", *spread]
    made = (
        "[low, high]: where the gain lies with 95 percent confidence, by a paired bootstrap over "
        f"images ({count(comparison.num_images, 'image')}, {comparison.resamples} resamples, "
        f"seed {comparison.seed}); p: how probable it is that chance alone makes a gain as large "
        "(two-sided), of each measure by itself; <=: no resample made one, so p is at most that. "
        f"n/a: fewer than {FEWEST_IMAGES} images with such objects, or no matches of that measure."
    )
    if several:
        training = (
            "Where a model or the baseline has several runs, the interval includes how much one "
            "training differs from another: Student's t, the same spread taken for both."
        )
    else:
        training = (
            "How much one training differs from another is not known from one run and is left "
            "out; give several: NAME=FILE,FILE."
        )
    return [made, training, *spread]


def _spread(comparison: Comparison, side: Side) -> str:
    """The first measure of each run of a side, and their standard deviation."""
    if side is comparison.baseline:
        row = comparison.rows[0][0]
        values = row.baseline_runs
    else:
        row = comparison.rows[comparison.others.index(side)][0]
        values = row.other_runs
    known = [value for value in values if value is not None]
    runs = ", ".join(map(percent, values))
    deviation = percent(float(np.std(known, ddof=1))) if len(known) > 1 else "n/a"
    mean = f"{side.name}: the mean of {count(len(values), 'run')}"
    return f"{mean}, {_shown_name(row)} {runs}; deviation {deviation}."


def _heading(comparison: Comparison, other: Side) -> list[str]:
    heading = [comparison.baseline.name, other.name, "gain"]
    return heading if comparison.why_no_interval else [*heading, "[low, high]", "p"]


def _shown(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if not row.detail)


def _of_paper(pairs: PaperRows) -> Iterator[Row]:
    return (Row(f"paper, {name}", *values) for name, values in pairs.items())


def _cells(row: Row, comparison: Comparison) -> list[str]:
    without = bool(comparison.why_no_interval)
    return _values(row) + ([] if without else _uncertainty(row, comparison.resamples))


def _values(row: Row) -> list[str]:
    return [_shown_name(row), *map(percent, (row.baseline, row.other)), percent(row.gain, True)]


def _shown_name(row: Row) -> str:
    return row.printed or row.name


def _uncertainty(row: Row, resamples: int) -> list[str]:
    if row.low is None or row.high is None or row.p_value is None:
        return ["n/a", "n/a"]
    reach = f"[{percent(row.low, True)}, {percent(row.high, True)}]"
    return [reach, _p_value(row.p_value, resamples)]


def _p_value(value: float, resamples: int) -> str:
    """The smallest that so many resamples can give, 1 / (1 + resamples), is a bound."""
    if value < 0.00095:
        return "<0.001"
    if value * (1 + resamples) < 1.5:  # the next is 2; resamples without the class may be gone
        return f"<={math.ceil(1000 * value) / 1000:.3f}"
    return f"{value:.3f}"


def _broken(name: str) -> str:
    """Lines of at most `_NAME_WIDTH` columns, ended at "-", "_" or a space where one is there."""
    lines = [""]
    for part in re.findall(r"[^-_\s]*[-_\s]|[^-_\s]+", name):
        if lines[-1] and cell_len((lines[-1] + part).rstrip()) > _NAME_WIDTH:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _colour(row: Row) -> str:
    if row.low is None or row.high is None or row.low <= 0 <= row.high:
        return ""
    return "green" if row.low > 0 else "red"


def _line(cells: Iterable[str]) -> str:
    """A line of a table; what comes from data is no markup and no HTML."""
    safe = (cell.replace("<", "&lt;").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(' '.join(cell.split()) for cell in safe)} |"
