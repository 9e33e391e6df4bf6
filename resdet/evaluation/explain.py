"""Whose number is it? Which rules turn ours into the one that somebody was told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import combinations
from typing import Any, Literal, NamedTuple

from resdet.evaluation.measures import Measure
from resdet.evaluation.rules import COCO, DEVKIT, Rules
from resdet.evaluation.tools import TOOLS, Tool, in_words

Kind = Literal["voc", "coco"]
Numbers = Callable[[Rules], Mapping[Measure, float | None]]
Change = tuple[str, Any]  # a field of the rules, and what it is instead
Changes = tuple[Change, ...]

MOST = 3  # sets of rules that are told
_FELT = 0.001  # of a number: what an order of equal scores must move to be told
_STILL = 1e-6  # of a number: what does not
_ROUNDING = 1e-9
_BESIDES: Mapping[Kind, Changes] = {  # what no tool of the kind does, but a script may
    "voc": (
        *(("ties", order) for order in ("true-first", "false-first", "ids-as-text")),
        ("mean", "seen"),
    ),
    "coco": (
        *(("ties", order) for order in ("true-first", "false-first")),
        ("mean", "listed"),
        ("iou", "gt"),
        ("found_images", True),
    ),
}


@dataclass(frozen=True)
class Claim:
    """A number as it was told: what rounds to its digits is it.

    `name` of what is printed, "" for any. `value`, `half` of its last digit: fractions.
    """

    text: str
    name: str
    value: float
    half: float

    @classmethod
    def of(cls, text: str) -> Claim:
        """`[NAME=]NUMBER`: a fraction up to 1, above or with a % in points.

        Raises: ValueError for anything else.
        """
        name, _, number = text.rpartition("=")
        parts = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,15}))?(%?)", number)
        value = float(number.rstrip("%")) if parts else -1.0
        if not parts or value > 100 or (value <= 1 and not parts[2] and not parts[3]):
            raise ValueError(f"must be a number with its digits, as 0.813, 81.3 or AP=81.3: {text}")
        scale = 100 if parts[3] or value > 1 else 1
        half = 0.5 * 10.0 ** -len(parts[2] or "")
        return cls(number, name, value / scale, half / scale)

    def fits(self, number: float | None) -> bool:
        """Whether it rounds to the claim, a half either way."""
        return number is not None and abs(number - self.value) <= self.half + _ROUNDING

    @property
    def decimals(self) -> int:
        """Of points: those that were told, two at least."""
        return max(2, round(-math.log10(200 * self.half)))

    def names(self, measure: Measure) -> bool:
        """Whether it may be this one: means over classes, or the one that is named."""
        of_classes = measure.class_index is None
        return of_classes and self.name in ("", measure.name, measure.key, measure.printed)


class Step(NamedTuple):
    """A rule in words, and by how much it moves the number; None where there is none."""

    rule: str
    share: float | None


@dataclass(frozen=True)
class Explanation:
    """How our number becomes another: a rule after the other, in this order.

    `tools` print the number of the claim and have these rules. `bounds`: the worst and the best
    that an order of equal scores gives by these rules, where it is felt.
    """

    measure: Measure
    ours: float
    steps: tuple[Step, ...]
    result: float
    tools: tuple[str, ...]
    bounds: tuple[float, float] | None


def explain(claim: Claim, kind: Kind, numbers: Numbers) -> list[Explanation]:
    """The simplest sets of rules that give the claim; where none does, the nearest that is printed.

    `numbers` by a set of rules, fractions. Tried are our rules, then those of each tool and each
    single rule, then pairs of rules of which one moves something alone. Of a tool's rules those
    are told without which the claim is missed; tools come first, then fewer rules.

    Raises: ValueError for a claim that names nothing that is printed.
    """
    search = _Search(claim, kind, numbers)
    found = search.own() or {**search.of_tools(), **search.of_rules(1)} or search.of_rules(2)
    if not found:
        return [search.nearest()]
    order = list(search.ours)

    def simplest(one: tuple[Measure, Changes]) -> tuple[bool, int, int]:
        measure, changes = one
        return not search.tools(measure, changes), len(changes), order.index(measure)

    return [search.explained(*one) for one in sorted(found, key=simplest)[:MOST]]


class _Search:
    """The numbers by each set of changes to our rules, each computed once."""

    def __init__(self, claim: Claim, kind: Kind, numbers: Numbers) -> None:
        self.claim, self.usual = claim, DEVKIT if kind == "voc" else COCO
        self._numbers = cache(numbers)
        self._tools = {k: tool for k, tool in TOOLS.items() if tool.rules.kind == kind}
        printed = self.by(())
        self.ours = {m: n for m, n in printed.items() if claim.names(m) and n is not None}
        if not self.ours:
            known = ", ".join(m.key for m, n in printed.items() if m.class_index is None)
            name = claim.name or "any"
            raise ValueError(f"--claimed must name one of {known} that is defined, got {name}")
        of_tools = (change for t in self._tools.values() for change in self.changes_of(t))
        self.single = list(dict.fromkeys([*of_tools, *_BESIDES[kind]]))

    def by(self, changes: Changes) -> Mapping[Measure, float | None]:
        return self._numbers(self._rules(changes))

    def _rules(self, changes: Changes) -> Rules:
        return replace(self.usual, **dict(changes))

    def changes_of(self, tool: Tool) -> Changes:
        of = ((field.name, getattr(tool.rules, field.name)) for field in fields(Rules))
        return tuple((name, value) for name, value in of if value != getattr(self.usual, name))

    def fitting(self, changes: Changes) -> list[Measure]:
        return [m for m in self.ours if self.claim.fits(self.by(changes)[m])]

    def own(self) -> dict[tuple[Measure, Changes], None]:
        return {(measure, ()): None for measure in self.fitting(())}

    def of_tools(self) -> dict[tuple[Measure, Changes], None]:
        found: dict[tuple[Measure, Changes], None] = {}
        for tool in self._tools.values():
            changes = self.changes_of(tool)
            for measure in filter(_printed_by(tool), self.fitting(changes)):
                found[measure, self._needed(measure, changes, self.claim.fits)] = None
        return found

    def of_rules(self, many: int) -> dict[tuple[Measure, Changes], None]:
        sets = list(self._sets(many))
        for changes in sorted(sets, key=lambda one: str(self._rules(one).of_matching)):
            self.by(changes)  # those that share a matching one after the other
        return {(m, c): None for c in sets for m in self.fitting(c)}

    def _sets(self, many: int) -> Iterator[Changes]:
        moving = {change for change in self.single if self._moves(change)}
        for changes in combinations(self.single, many):
            names = {name for name, _ in changes}
            if len(names) == many and moving & {*changes}:
                yield changes

    def _moves(self, change: Change) -> bool:
        return any(self.by((change,))[m] != number for m, number in self.ours.items())

    def _needed(
        self, measure: Measure, changes: Changes, enough: Callable[[float | None], bool]
    ) -> Changes:
        """The changes less those that can be left out one after the other."""
        for change in changes:
            fewer = tuple(c for c in changes if c != change)
            changes = fewer if enough(self.by(fewer)[measure]) else changes
        return changes

    def tools(self, measure: Measure, changes: Changes) -> tuple[str, ...]:
        """Those that print the claim and have these rules."""
        return tuple(
            name
            for name, tool in self._tools.items()
            if {*changes} <= {*self.changes_of(tool)}
            and _printed_by(tool)(measure)
            and self.claim.fits(self.by(self.changes_of(tool))[measure])
        )

    def nearest(self) -> Explanation:
        """Of what tools print and ours, with those of a tool's rules that move it."""
        away = {("", measure): abs(n - self.claim.value) for measure, n in self.ours.items()}
        for name, tool in self._tools.items():
            numbers = self.by(self.changes_of(tool))
            for measure in filter(_printed_by(tool), self.ours):
                if (number := numbers[measure]) is not None:
                    away[name, measure] = abs(number - self.claim.value)
        name, measure = min(away, key=lambda one: away[one])
        if not name:
            return self.explained(measure, ())
        changes = self.changes_of(self._tools[name])
        result = self.by(changes)[measure]
        needed = self._needed(measure, changes, lambda number: _still(number, result))
        return replace(self.explained(measure, needed), tools=(name,))

    def explained(self, measure: Measure, changes: Changes) -> Explanation:
        path = [self.by(changes[:many])[measure] for many in range(len(changes) + 1)]
        steps = (
            Step(in_words(replace(self.usual, **{name: value}))[0], _apart(before, after))
            for (name, value), before, after in zip(changes, path, path[1:])
        )
        result = path[-1] if path[-1] is not None else self.ours[measure]
        tools, bounds = self.tools(measure, changes), self._bounds(measure, changes)
        return Explanation(measure, self.ours[measure], tuple(steps), result, tools, bounds)

    def _bounds(self, measure: Measure, changes: Changes) -> tuple[float, float] | None:
        if ("ties", "unsorted") in changes:
            return None
        rest = tuple(change for change in changes if change[0] != "ties")
        worst, best = (
            self.by((*rest, ("ties", order)))[measure] for order in ("false-first", "true-first")
        )
        if worst is None or best is None or best - worst < _FELT - _ROUNDING:
            return None
        return worst, best


def _printed_by(tool: Tool) -> Callable[[Measure], bool]:
    return lambda measure: measure.name in tool.told or measure.metric in tool.told


def _apart(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _still(number: float | None, result: float | None) -> bool:
    apart = _apart(number, result)
    return apart is not None and abs(apart) < _STILL
