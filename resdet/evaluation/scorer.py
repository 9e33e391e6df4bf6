"""The numbers of one pair of files by many sets of rules: what sets share is done once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import get_args

import numpy as np

from resdet.evaluation.coco.match import (
    CocoMatches,
    areas_of,
    match_areas,
    out_of_ranges,
    settled_by,
)
from resdet.evaluation.coco.results import CocoResults, image_places
from resdet.evaluation.coco.score import score_coco
from resdet.evaluation.coco.truth import CocoTruth
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.measures import Measure, measured
from resdet.evaluation.rules import COCO, Areas, Heard, Rules
from resdet.evaluation.voc.score import VocMatching, means_voc
from resdet.structures.records import Int64Array

Numbers = Callable[[Rules], Mapping[Measure, float | None]]

_MATCHINGS = 4  # that are kept: one of COCO val2017's size has 60 MB


def voc_numbers(
    matching: VocMatching, metrics: Sequence[str], on_files: Callable[[Rules], Rules]
) -> Numbers:
    """By these metrics; `on_files`: the rules for corners as the files count them.

    Rules that nothing in the data asks for are not tried.
    """
    difficult, crowd = (bool(flags.any()) for flags in matching.flags)
    ties = has_equal(matching.labels, matching.scores)
    matched = lru_cache(_MATCHINGS)(matching.by)

    @cache
    def numbers(rules: Rules) -> Mapping[Measure, float | None]:
        matches = replace(matched(rules.of_matching), rules=rules)
        results = {metric: means_voc(matches, metric) for metric in metrics}
        return measured(results if len(metrics) > 1 else results[metrics[0]], "the result").values

    def heard(rules: Rules) -> Rules:
        asked = {
            "difficult": difficult,
            "crowd": crowd,
            "ties": ties or rules.ties == "unsorted" or rules.score_decimals is not None,
        }
        return _without(rules, [name for name, is_asked in asked.items() if not is_asked])

    return lambda rules: numbers(heard(on_files(rules)))


def coco_numbers(truth: CocoTruth, found: CocoResults) -> Numbers:
    """The twelve and the AP of classes. Rules that nothing in the data asks for are not tried."""
    places = image_places(truth, found)
    most = _most_alike(places)
    most_of_class = _most_alike(places * (1 + found.categories.max(initial=0)) + found.categories)
    ties = has_equal(found.categories, found.scores.astype(np.float32))
    sizes = {rule: out_of_ranges(areas_of(truth, rule)) for rule in get_args(Areas)}
    lost = not np.isin(truth.images, places).all()
    flags = {"crowd": truth.crowd.any(), "difficult": truth.ignore.any(), "id_0": 0 in truth.ids}

    @lru_cache(_MATCHINGS)
    def matched(rules: Rules) -> CocoMatches:
        return match_areas(truth, found, rules)

    @cache
    def settled(crowd: Heard, of_32: bool) -> set[str]:
        return settled_by(truth, found, replace(COCO, crowd=crowd, overlaps_of_32_bits=of_32))

    @cache
    def numbers(rules: Rules) -> Mapping[Measure, float | None]:
        all_kept = most_of_class <= min(rules.max_detections[-1], COCO.max_detections[-1])
        shared = _without(rules.of_matching, ["max_detections"] * all_kept)
        by_rules = matched(shared)
        by_rules = replace(by_rules, matches=replace(by_rules.matches, rules=rules))
        return measured(score_coco(truth, found, matched=by_rules), "the result").values

    def heard(rules: Rules) -> Rules:
        limits, usual = (
            [min(limit, most_of_class) for limit in each.max_detections] for each in (rules, COCO)
        )
        asked = {
            **flags,
            "ties": ties,
            "limit": most > (rules.limit or most),
            "ap_at_100": rules.max_detections[-1] != 100,
            "max_detections": rules.ap_at_100 or limits != usual,
            "found_images": lost,
            "areas": (sizes[rules.areas] != sizes["file"]).any(),
        }
        overlaps = settled(rules.crowd, rules.overlaps_of_32_bits)
        asked |= {name: name in overlaps for name in ("iou", "coco_thresholds", "equals")}
        return _without(rules, [name for name, is_asked in asked.items() if not is_asked])

    return lambda rules: numbers(heard(rules))


def has_equal(groups: Int64Array, scores: Float64Array) -> bool:
    """Whether two detections of a group have the same score."""
    order = np.lexsort((scores, groups))
    alike = [np.diff(values[order]) == 0 for values in (groups, scores)]
    return bool((alike[0] & alike[1]).any())


def _most_alike(values: Int64Array) -> int:
    """How often the commonest value is there."""
    return int(np.unique(values, return_counts=True)[1].max(initial=0))


def _without(rules: Rules, names: Sequence[str]) -> Rules:
    """The same with these fields as usual."""
    return replace(rules, **{name: getattr(rules.usual, name) for name in names})
