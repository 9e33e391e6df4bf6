"""What two results differ in: counts by hand, rules one after the other, and what is left."""

from dataclasses import replace
from pathlib import Path

import pytest

from backbones.files.outputs import write_json
from resdet.evaluation import match_voc, save_matches, score_voc
from resdet.evaluation.comparison.differences import (
    Common,
    differing,
    is_ours,
    pairs_of,
    rules_in,
    ways_between,
)
from resdet.evaluation.comparison.sides import read_run
from resdet.evaluation.measures import Measure
from resdet.evaluation.record import Record, matches_path
from resdet.evaluation.rules import COCO, DETECTRON2, DEVKIT, IMAGENET
from resdet.evaluation.scorer import voc_numbers
from resdet.evaluation.voc.score import VocMatching


@pytest.fixture
def measured_by(tmp_path, ground_truth, found):
    """(name, rules, seed) -> the result of the two models' data by these rules."""

    def run(name, rules=DEVKIT, seed=0, truth=None):
        matches = match_voc(truth or ground_truth, found(0.5, seed), CLASSES, rules=rules)
        path = tmp_path / f"{name}.json"
        write_json(path, score_voc(matches, "area"))
        save_matches(matches_path(path), Record(matches))
        return read_run(path)

    return run


CLASSES = ("cat", "[dog]", "rare", "absent")


def test_what_two_results_have_in_common(measured_by, ground_truth):
    first = measured_by("a")
    assert [str(one) for one in differing(first, measured_by("b", DETECTRON2))] == [
        "images      the same 40",
        "objects     the same 98",
        "detections  the same 98",
    ]
    other = differing(first, measured_by("c", seed=1))
    assert [one.alike for one in other] == [True, True, False]
    assert str(other[2]) == "detections  98 and 98, of which both have 0"
    part = dict([*ground_truth.items()][:30])
    with pytest.raises(ValueError, match="image"):
        measured_by("d", truth=part)
    Path(matches_path(first.path)).unlink()
    alone = differing(read_run(first.path), measured_by("e"))
    assert [str(one) for one in alone] == [
        "images      40 and 40, not compared one by one: that takes both .matches.npz",
        "detections  98 and 98, not compared one by one: that takes both .matches.npz",
    ]
    assert Common("image", 3, 3).alike
    assert not Common("image", 3, 4).alike


@pytest.mark.parametrize("rules", [DEVKIT, DETECTRON2, IMAGENET, replace(DEVKIT, mean="seen")])
def test_rules_stand_in_a_result(measured_by, rules):
    assert rules_in(measured_by("a", rules).result) == rules
    both = {"area": measured_by("a", rules).result}
    assert rules_in(both) == rules
    assert rules_in({"AP": 0.5, "per_class": {}}) == COCO
    other = replace(COCO, max_detections=(1, 10, 300), ties="ids-as-text")
    saved = {**other.to_dict(), "max_detections": [1, 10, 300]}
    assert rules_in({"AP": 0.5, "rules": saved}) == other
    with pytest.raises(ValueError, match="rules"):
        rules_in({"AP": 0.5, "rules": {"kind": "none"}})


def test_what_is_a_result_of_ours(measured_by):
    result = measured_by("a").result
    assert is_ours(result)
    assert is_ours({"11point": result})
    assert is_ours({"metrics": {"voc_test": {"area": result}}})
    for other in ({}, [], {"AP": 0.3}, {"bbox": {"AP": 30.1}}, 3, {"metrics": [1]}):
        assert not is_ours(other)
    for other in ({"metrics": {"bbox": {"AP": 30.1}}}, {"per_class": {"cat": 0.3}, "map": 0.3}):
        assert not is_ours(other)


def numbers_of(ground_truth, found):
    matching = VocMatching(ground_truth, found(0.5, 0), CLASSES)
    return lambda kind, metrics: voc_numbers(matching, ["11point", "area"], lambda rules: rules)


def test_a_rule_after_the_other(measured_by, ground_truth, found):
    runs = measured_by("a"), measured_by("b", replace(DETECTRON2, mean="listed"))
    ways = ways_between(runs, differing(*runs), numbers_of(ground_truth, found))
    assert [[m.name for m in pair] for pair in ways.pairs] == [["mAP@0.50"] * 2]
    (first,), (second,) = ways.ends
    shares = {step.rule: step.share for step in ways.steps[0]}
    assert first + sum(shares.values()) == pytest.approx(second)
    assert len(shares) == 6
    back = ways_between(runs[::-1], [], numbers_of(ground_truth, found))
    rules = [step.rule for step in back.steps[0]]
    assert "no longer: an overlap of exactly the threshold is a miss" in rules


def test_what_is_left_is_of_the_detections(measured_by, ground_truth, found):
    runs = measured_by("a"), measured_by("c", seed=1)
    ways = ways_between(runs, differing(*runs), numbers_of(ground_truth, found))
    ((step,),) = ways.steps
    assert step.rule == "other detections"
    assert step.share == pytest.approx(ways.ends[1][0] - ways.ends[0][0])
    unknown = ways_between(runs, [], numbers_of(ground_truth, found))
    assert unknown.steps[0][0].rule == "what no rule here tells"


def test_means_are_laid_beside_those_of_their_name():
    voc = {Measure("mAP@0.50", "area"): 0.5, Measure("cat", "area", 0): 0.5}
    coco = {Measure(name): 0.5 for name in ("AP", "AP50", "AP75", "APs")}
    assert [(a.name, b.name) for a, b in pairs_of(coco, coco)] == [
        (name, name) for name in ("AP", "AP50", "AP75")
    ]
    assert [(a.name, b.name) for a, b in pairs_of(voc, coco)] == [("mAP@0.50", "AP50")]
    both = {**voc, Measure("mAP@0.50", "11point"): 0.4}
    assert [b.metric for _, b in pairs_of(voc, both)] == ["area"]
    with pytest.raises(ValueError, match="a mean in common, got mAP@0.75 and mAP@0.50; eval"):
        pairs_of({Measure("mAP@0.75", "area"): 0.5}, voc)
