"""How a number becomes another, as tables for people: a row for each change, x100."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backbones.terminal.wording import count
from resdet.evaluation.comparison.differences import Ways
from resdet.evaluation.explain import Explanation, Step
from resdet.evaluation.score_tables import plain_table
from resdet.evaluation.told import Claim
from resdet.evaluation.tools import TOOLS

_STILL = 5e-7  # of a number: what moves nothing
_CAPTION = "points (x100); each change comes on top of those above it"
Bounds = tuple[float, float] | None


def claim_table(claims: Sequence[Claim], explanations: Sequence[Explanation]) -> Table:
    """How ours becomes the number that was told, a section for each set of rules that gives it."""
    first, digits = claims[0], max(claim.decimals for claim in claims)
    many = f" (first of {len(claims)} numbers, all at once)" if len(claims) > 1 else ""
    given = explanations[0].given
    how = "how ours becomes it" if given else "no set of rules gives it, the nearest"
    title = f"{first.text}{many} was told: {how}"
    table = _table(title, ["points"])
    for one in explanations:
        table.add_row(Text(f"{one.measure.printed} by our rules"), _points(one.ours, digits))
        for step in one.steps:
            table.add_row(_indented(step.rule), _points(step.share, digits, "+"))
        table.add_row(Text(_whose(one)), _points(one.result, digits), style="bold")
        _add_bounds(table, [one.bounds], digits)
        table.add_section()
    return table


def way_table(names: tuple[str, str], ways: Ways) -> Table:
    """From the numbers of one result to those of another, a column for each mean."""
    columns = [
        first.printed if first.metric == second.metric else f"{first.printed} to {second.printed}"
        for first, second in ways.pairs
    ]
    table = _table(f"from {names[0]} to {names[1]}", columns)
    for name, numbers, orders in zip(names, ways.ends, ways.bounds):
        table.add_row(Text(name), *map(_points, numbers), style="bold")
        _add_bounds(table, orders)
        if numbers is ways.ends[0]:
            _add_steps(table, ways.steps)
    return table


def _add_steps(table: Table, ways: Sequence[Sequence[Step]]) -> None:
    """A row for each change, which all columns have; one for those that move nothing."""
    still = 0
    for steps in zip(*ways, strict=True):
        if all(step.share is not None and abs(step.share) < _STILL for step in steps):
            still += 1
        else:
            shares = (_points(step.share, sign="+") for step in steps)
            table.add_row(_indented(steps[0].rule), *shares)
    if still:
        more = "other " if still < len(ways[0]) else ""
        told = f"{count(still, f'{more}rule')} that {'moves' if still == 1 else 'move'} nothing"
        table.add_row(_indented(told), *["0"] * len(ways))


def _add_bounds(table: Table, bounds: Sequence[Bounds], digits: int = 2) -> None:
    """What the order of equal scores may move, a row for the worst and one for the best."""
    for told, end in (("worst", 0), ("best", 1)) if any(bounds) else ():
        ends = ["" if both is None else _points(both[end], digits) for both in bounds]
        table.add_row(_indented(f"if equal scores fall {told}"), *ends, style="dim")


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2))


def _whose(one: Explanation) -> str:
    who = ", ".join(f"{name} {TOOLS[name].version}" for name in one.tools)
    if not one.steps:
        return "our own rules give it" if one.given else "our own rules are the nearest"
    near = "" if one.given else ", the nearest"
    return f"{one.measure.printed} by the rules of {who or 'no tool known here'}{near}"


def _points(value: float | None, digits: int = 2, sign: str = "") -> str:
    return "n/a" if value is None else f"{100 * value:{sign}.{digits}f}"


def _table(title: str, columns: Sequence[str]) -> Table:
    table = plain_table(title, _CAPTION)
    table.add_column("one change after the other", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", min_width=8)
    return table
