"""Detections and objects that a result's matches hold give its numbers again."""

from dataclasses import replace
from pathlib import Path

from resdet.evaluation import score_voc
from resdet.evaluation.comparison.held import detections_held, holds_all, objects_held
from resdet.evaluation.comparison.sides import read_run
from resdet.evaluation.record import Record
from resdet.evaluation.rules import DEVKIT
from resdet.evaluation.voc.score import VocMatching, ground_truth_by_id


def by(run, rules):
    matches = replace(run.record.matches, rules=rules)
    return replace(run, record=Record(matches))


def test_a_result_is_made_again(write):
    run = read_run(Path(write("a")))
    assert holds_all(run)
    data = objects_held(run, "1-inclusive")
    assert data.corners.way == "1-inclusive"
    assert objects_held(run, None).corners is None
    truth = ground_truth_by_id(data.records)
    matches = VocMatching(truth, detections_held(run), data.class_names).by(DEVKIT)
    assert score_voc(matches, "area")["mAP"] == run.result["mAP"]
    assert matches.truth.ignored.sum() == run.record.matches.truth.ignored.sum() > 0


def test_what_is_rounded_or_left_out_is_not_held(write):
    run = read_run(Path(write("a")))
    for rounded in ({"score_decimals": 3}, {"box_decimals": 1}):
        assert not holds_all(by(run, replace(DEVKIT, **rounded)))
    assert not holds_all(by(run, replace(DEVKIT, ties="unsorted")))
    assert not holds_all(replace(run, result={**run.result, "num_detections": 99}))
    assert not holds_all(replace(run, record=None))
    assert objects_held(by(run, replace(DEVKIT, difficult="count")), None) is None
    assert objects_held(replace(run, record=None), None) is None
