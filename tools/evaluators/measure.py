"""What each tool and its rules here say of the same cases, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from resdet.evaluation.coco.match import match_areas
from resdet.evaluation.coco.results import from_coco_results, read_results
from resdet.evaluation.coco.score import score_coco
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.rules import COCO, DEVKIT, Rules
from resdet.evaluation.tools import Tool
from resdet.evaluation.voc.score import VocMatching, score_voc
from resdet.structures.boxes import from_xywh
from resdet.structures.records import GroundTruth
from tools.evaluators.cases import Case

Numbers = dict[str, float | None]


def ours(case: Case, rules: Rules, told: Iterable[str]) -> Numbers:
    """The numbers of a case by a set of rules."""
    if rules.kind == "coco":
        columns = read_truth(case.truth, None), read_results(case.results)
        scores = score_coco(*columns, matched=match_areas(*columns, rules))
        return {name: None if scores[name] < 0 else scores[name] for name in told}
    matches = matching_of(case).by(rules)
    return {metric: score_voc(matches, metric)["mAP"]["0.50"] for metric in told}


def matching_of(case: Case) -> VocMatching:
    """The case in VOC's form."""
    ids = [category["id"] for category in case.truth["categories"]]
    names = [category["name"] for category in case.truth["categories"]]
    truth = {image["id"]: _of_image(case, image["id"], ids) for image in case.truth["images"]}
    return VocMatching(truth, from_coco_results(case.results, ids, names), names)


def _of_image(case: Case, image: int, ids: Sequence[int]) -> GroundTruth:
    objects = [entry for entry in case.truth["annotations"] if entry["image_id"] == image]
    return GroundTruth(
        from_xywh(np.array([entry["bbox"] for entry in objects], np.float64).reshape(-1, 4)),
        np.array([ids.index(entry["category_id"]) for entry in objects], np.int64),
        np.array([entry.get("ignore", 0) for entry in objects], bool),
        np.array([entry["iscrowd"] for entry in objects], bool),
    )


def apart(mine: Numbers, theirs: Numbers) -> float:
    """The largest difference; infinite where one of the two has no number."""
    return max((_apart(mine[name], theirs[name]) for name in mine if name in theirs), default=0.0)


def _apart(a: float | None, b: float | None) -> float:
    b = None if b is None or b < 0 else b  # -1 for none
    if a is None or b is None:
        return 0.0 if a is b else np.inf
    return abs(a - b)


def compared(
    cases: Sequence[Case], tool: Tool, said: Sequence[Any], left_out: Sequence[str]
) -> dict[str, Any]:
    """The largest difference in all, by kind, and without each of the tool's rules.

    A case in which the tool stops, or of a kind of `left_out`, is told and not compared.
    """
    pairs = [
        (case, theirs)
        for case, theirs in zip(cases, said)
        if not isinstance(theirs, str) and case.kind not in left_out
    ]
    by_kind: dict[str, float] = {}
    for case, theirs in pairs:
        difference = apart(ours(case, tool.rules, tool.told), theirs)
        by_kind[case.kind] = max(difference, by_kind.get(case.kind, 0.0))
    return {
        "version": tool.version,
        "largest": max(by_kind.values()),
        "cases": len(pairs),
        "without": {
            name: float(f"{_largest(pairs, rules, tool):.1e}")
            for name, rules in _mutations(tool.rules).items()
        },
        "left_out": list(left_out),
        "stops": sorted({text for text in said if isinstance(text, str)}),
        "by_kind": by_kind,
    }


def _largest(pairs: Sequence[tuple[Case, Numbers]], rules: Rules, tool: Tool) -> float:
    found = (apart(ours(case, rules, tool.told), theirs) for case, theirs in pairs)
    return min(max(found), 1.0)


def _mutations(rules: Rules) -> dict[str, Rules]:
    """The rules with each in turn that is not ours made ours."""
    usual = DEVKIT if rules.kind == "voc" else COCO
    names = [field.name for field in fields(Rules)]
    return {
        name: replace(rules, **{name: getattr(usual, name)})
        for name in names
        if getattr(rules, name) != getattr(usual, name)
    }
