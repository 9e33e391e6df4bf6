"""Whose number is it? Which rules turn ours into the one that somebody was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import combinations
from typing import Any, Literal, NamedTuple

from resdet.evaluation.measures import Measure, value_of
from resdet.evaluation.rules import COCO, DEVKIT, Rules
from resdet.evaluation.scorer import Numbers
from resdet.evaluation.ties import is_felt
from resdet.evaluation.told import Claim
from resdet.evaluation.tools import TOOLS, Tool, in_words

Kind = Literal["voc", "coco"]
Change = tuple[str, Any]  # a field of the rules, and what it is instead
Changes = tuple[Change, ...]

MOST = 3  # sets of rules that are told
_STILL = 1e-6  # of a number: what does not
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


class Step(NamedTuple):
    """A rule in words, and by how much it moves the number; None where there is none."""

    rule: str
    share: float | None


@dataclass(frozen=True)
class Explanation:
    """How our number becomes another: a rule after the other, in this order.

    `given`: it is what was told, not only near it. `tools` print that and have these rules.
    `bounds`: the worst and the best that an order of equal scores gives by these rules, where it
    is felt.
    """

    measure: Measure
    ours: float
    steps: tuple[Step, ...]
    result: float
    given: bool
    tools: tuple[str, ...]
    bounds: tuple[float, float] | None


def explain(claims: Sequence[Claim], kind: Kind, numbers: Numbers) -> list[Explanation]:
    """The simplest sets of rules that give all claims; where none does, the nearest printed.

    `numbers` by a set of rules, fractions; what is told is of the first claim. Tried are our
    rules, then those of each tool and each single rule, then pairs of rules of which one moves
    something alone. Of a tool's rules those are told without which a claim is missed; tools come
    first, then fewer rules.

    Raises: ValueError for a claim that names nothing that is printed.
    """
    search = _Search(claims, kind, numbers)
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

    def __init__(self, claims: Sequence[Claim], kind: Kind, numbers: Numbers) -> None:
        self.claims, self.usual = claims, DEVKIT if kind == "voc" else COCO
        self._numbers = cache(numbers)
        self._tools = {k: tool for k, tool in TOOLS.items() if tool.rules.kind == kind}
        printed = {m: n for m, n in self.by(()).items() if n is not None}
        for claim in claims:
            if not any(map(claim.names, printed)):
                known = ", ".join(dict.fromkeys(m.name for m in printed if m.class_index is None))
                raise ValueError(f"a number must be of {known}, got one of {claim.name or 'any'}")
        self.ours = {m: n for m, n in printed.items() if claims[0].names(m)}
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
        return [m for m in self.ours if self.away(m, changes) == 0]

    def away(self, measure: Measure, changes: Changes) -> float:
        """How far the claims are missed, the first by this measure; 0 where all round to them."""
        numbers, first = self.by(changes), self.claims[0]
        return max(
            first.away(numbers[measure]),
            *(min(c.away(n) for m, n in numbers.items() if c.names(m)) for c in self.claims[1:]),
            0.0,
        )

    def own(self) -> dict[tuple[Measure, Changes], None]:
        return {(measure, ()): None for measure in self.fitting(())}

    def of_tools(self) -> dict[tuple[Measure, Changes], None]:
        found: dict[tuple[Measure, Changes], None] = {}
        for tool in self._tools.values():
            changes = self.changes_of(tool)
            for measure in filter(_printed_by(tool), self.fitting(changes)):
                needed = self._needed(changes, lambda fewer: self.away(measure, fewer) == 0)  # noqa: B023
                found[measure, needed] = None
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

    def _needed(self, changes: Changes, enough: Callable[[Changes], bool]) -> Changes:
        """The changes less those that can be left out one after the other."""
        for change in changes:
            fewer = tuple(c for c in changes if c != change)
            changes = fewer if enough(fewer) else changes
        return changes

    def tools(self, measure: Measure, changes: Changes) -> tuple[str, ...]:
        """Those that print the claims and have these rules."""
        return tuple(
            name
            for name, tool in self._tools.items()
            if {*changes} <= {*self.changes_of(tool)}
            and _printed_by(tool)(measure)
            and self.away(measure, self.changes_of(tool)) == 0
        )

    def nearest(self) -> Explanation:
        """Of what tools print and ours, with those of a tool's rules that move it."""
        away = {("", measure): self.away(measure, ()) for measure in self.ours}
        for name, tool in self._tools.items():
            for measure in filter(_printed_by(tool), self.ours):
                away[name, measure] = self.away(measure, self.changes_of(tool))
        name, measure = min(away, key=lambda one: away[one])
        if not name:
            return self.explained(measure, ())
        changes = self.changes_of(self._tools[name])
        result = self.by(changes)[measure]
        needed = self._needed(changes, lambda fewer: _still(self.by(fewer)[measure], result))
        return replace(self.explained(measure, needed), tools=(name,))

    def explained(self, measure: Measure, changes: Changes) -> Explanation:
        path = [self.by(changes[:many])[measure] for many in range(len(changes) + 1)]
        steps = (
            Step(in_words(replace(self.usual, **{name: value}))[0], _apart(before, after))
            for (name, value), before, after in zip(changes, path, path[1:])
        )
        result = path[-1] if path[-1] is not None else self.ours[measure]
        tools, bounds = self.tools(measure, changes), self._bounds(measure, changes)
        given = self.away(measure, changes) == 0
        return Explanation(measure, self.ours[measure], tuple(steps), result, given, tools, bounds)

    def _bounds(self, measure: Measure, changes: Changes) -> tuple[float, float] | None:
        return tie_bounds(self._numbers, self._rules(changes), measure)


def tie_bounds(numbers: Numbers, rules: Rules, measure: Measure) -> tuple[float, float] | None:
    """The worst and the best that an order of equal scores gives, where 0.1 point lies between."""
    if rules.ties == "unsorted":
        return None
    worst, best = (
        value_of(numbers(replace(rules, ties=order)), measure)
        for order in ("false-first", "true-first")
    )
    return (worst, best) if is_felt(worst, best) else None  # type: ignore[return-value]


def _printed_by(tool: Tool) -> Callable[[Measure], bool]:
    return lambda measure: measure.name in tool.told or measure.metric in tool.told


def _apart(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _still(number: float | None, result: float | None) -> bool:
    apart = _apart(number, result)
    return apart is not None and abs(apart) < _STILL
