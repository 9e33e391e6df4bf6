"""A tool's own number beside our rules: whether `explain` finds the rules, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.explain import explain
from resdet.evaluation.registry import VOC_METRICS
from resdet.evaluation.scorer import Numbers, coco_numbers, voc_numbers
from resdet.evaluation.told import Claim
from resdet.evaluation.tools import TOOLS
from tools.evaluators.cases import Case
from tools.evaluators.measure import matching_of

DIGITS = 2  # of points, as numbers are told


class Found(NamedTuple):
    """What became of a pair: the rules that were found give the number, the tool is named."""

    given: bool
    named: bool


def pairs_of(
    name: str, cases: Sequence[Case], said: Sequence[Any], many: int, seed: int
) -> list[tuple[Case, Claim]]:
    """Random cases with what the tool prints first of each, where that is not ours."""
    rng, found = np.random.default_rng(seed), []
    for place in rng.permutation(len(cases)):
        case, numbers = cases[place], said[place]
        if isinstance(numbers, Mapping) and len(found) < many:
            claim = claim_of(numbers)
            ours = numbers_of(case, TOOLS[name].rules.kind)(TOOLS[name].rules.usual)
            if claim and all(claim.away(n) for m, n in ours.items() if claim.names(m)):
                found.append((case, claim))
    return found


def claim_of(numbers: Mapping[str, float | None]) -> Claim | None:
    """The first number, rounded as people tell it; None where it is none or 0."""
    name, value = next(iter(numbers.items()))
    if value is None or value <= 0:
        return None
    name = name if name == "AP" else f"mAP@0.50, {name}"
    return Claim.of(f"{name}={100 * value:.{DIGITS}f}%")


def numbers_of(case: Case, kind: str) -> Numbers:
    """By any rules of the kind."""
    if kind == "coco":
        return coco_numbers(read_truth(case.truth, None), read_results(case.results))
    return voc_numbers(matching_of(case), VOC_METRICS, lambda rules: rules)


def explained(name: str, case: Case, claim: Claim) -> Found:
    """Whether all sets of rules that are told give the number, and one is the tool's."""
    kind = TOOLS[name].rules.kind
    found = explain([claim], kind, numbers_of(case, kind))
    return Found(all(one.given for one in found), any(name in one.tools for one in found))


def counted(name: str, pairs: Iterable[tuple[Case, Claim]]) -> dict[str, Any]:
    """How many of the pairs were explained, and those that were not, by kind of case."""
    found = [(case, claim, explained(name, case, claim)) for case, claim in pairs]
    missed = [(case.kind, claim.text) for case, claim, one in found if not one.named]
    return {
        "pairs": len(found),
        "given": sum(one.given for _, _, one in found),
        "named": sum(one.named for _, _, one in found),
        "not_named": [f"{kind}: {text}" for kind, text in missed],
    }
