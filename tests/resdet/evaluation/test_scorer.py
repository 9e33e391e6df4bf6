"""Numbers by many sets of rules: those of each set alone, with as little matching as they share."""

from dataclasses import replace
from pathlib import Path

import pytest

from backbones.files.json_file import read_json
from resdet.evaluation import scorer
from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.explain import _BESIDES
from resdet.evaluation.measures import Measure
from resdet.evaluation.rules import COCO, DEVKIT
from resdet.evaluation.tools import TOOLS
from tools.evaluators.golden import long
from tools.evaluators.measure import matching_of, ours

GOLDEN = read_json(Path(__file__).parents[2] / "golden" / "evaluators.json")
CASES = {case["kind"]: long(case) for case in GOLDEN["cases"]}
TWELVE = TOOLS["pycocotools"].told
METRICS = ("11point", "area")


def sets(kind):
    """Our rules, each tool's, and each with one of what else is tried; ours with each."""
    usual = DEVKIT if kind == "voc" else COCO
    tools = [tool.rules for tool in TOOLS.values() if tool.rules.kind == kind]
    besides = [usual, *(replace(usual, **dict([change])) for change in _BESIDES[kind])]
    turns = zip(tools, _BESIDES[kind] * len(tools))
    return [*besides, *tools, *(replace(rules, **dict([change])) for rules, change in turns)]


KINDS = (
    *("crowds", "ignored objects", "all scores equal", "overlaps of exactly tenths"),
    "images without detections",
)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_each_set_alone(kind):
    case = CASES[kind]
    coco = scorer.coco_numbers(read_truth(case.truth, None), read_results(case.results))
    for rules in sets("coco"):
        told = {m.name: n for m, n in coco(rules).items()}
        assert {name: told[name] for name in TWELVE} == ours(case, rules, TWELVE)
    voc = scorer.voc_numbers(matching_of(case), METRICS, lambda rules: rules)
    for rules in sets("voc"):
        told = {m.metric: n for m, n in voc(rules).items() if m.class_index is None}
        assert told == ours(case, rules, METRICS)


def test_what_nothing_in_the_data_asks_for_is_not_matched_anew(monkeypatch):
    case, judged = CASES["recalls of exactly tenths"], []
    truth, found = read_truth(case.truth, None), read_results(case.results)
    match = scorer.match_areas
    monkeypatch.setattr(scorer, "match_areas", lambda *a: judged.append(a[2]) or match(*a))
    coco = scorer.coco_numbers(truth, found)
    for change in (
        *({"crowd": "count"}, {"difficult": "excuse"}, {"id_0": True}, {"limit": 100}),
        *({"areas": "box"}, {"found_images": True}, {"ap_at_100": True}, {"recall": "float32"}),
        *({"max_detections": (1, 10, 300)}, {"max_detections": (1, 5, 60)}, {"mean": "seen"}),
        *({"iou": "gt"}, {"coco_thresholds": "float32"}, {"equals": "first"}),
    ):
        coco(replace(COCO, **change))
    assert judged == [COCO]
    coco(replace(COCO, limit=3))
    assert len(judged) == 2


def test_corners_of_vocs_files_hold_the_longer_sides():
    matching = matching_of(CASES["ordinary"])
    numbers = scorer.voc_numbers(matching, ["area"], lambda rules: replace(rules, plus_one=False))
    assert numbers(replace(DEVKIT, plus_one=True)) is numbers(DEVKIT)
    assert [m for m in numbers(DEVKIT) if m.class_index is None] == [
        Measure("mAP@0.50", "area", threshold="0.50")
    ]
