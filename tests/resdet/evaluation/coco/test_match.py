"""COCO's matching: each rule by hand, and random data against pycocotools to the bit."""

import numpy as np
import pytest
from pycocotools.cocoeval import Params

from resdet.evaluation.average_precision import HUNDRED_AND_ONE
from resdet.evaluation.coco.match import AREAS, THRESHOLDS, match_areas, match_coco
from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.rules import COCO

TP, IGNORED, FP = 1, 0, -1
BOX = [10, 10, 40, 40]


def matched(objects, detections):
    """Of one image and class: (box, further keys) and (box, score) -> the matches."""
    truth = {
        "images": [{"id": 7}],
        "categories": [{"id": 5, "name": "cat"}],
        "annotations": [
            {"image_id": 7, "category_id": 5, "bbox": box, **more} for box, more in objects
        ],
    }
    results = [
        {"image_id": 7, "category_id": 5, "bbox": box, "score": score} for box, score in detections
    ]
    return match_areas(read_truth(truth, None), read_results(results))


def at_half(objects, detections):
    found = matched(objects, detections).matches
    return found.verdicts[0].tolist(), found.objects[0].tolist()


def test_the_columns():
    found = matched([(BOX, {})], [([10, 10, 40, 30], 0.5), (BOX, 0.9)]).matches
    assert found.scores.tolist() == [0.9, 0.5]
    assert found.boxes.tolist() == [[10, 10, 50, 50], [10, 10, 50, 40]]
    assert found.truth.boxes.tolist() == [[10, 10, 50, 50]]
    assert found.class_names == ("cat",)
    assert found.image_ids == (7,)
    assert found.keys == tuple(f"{t / 100:.2f}" for t in range(50, 100, 5))
    assert found.rules.kind == "coco"
    assert (found.verdicts == [[TP, FP]]).all()
    assert (found.objects == [[0, -1]]).all()


def test_the_conventions_are_those_of_pycocotools():
    theirs = Params("bbox")
    assert THRESHOLDS.tolist() == theirs.iouThrs.tolist()
    assert HUNDRED_AND_ONE.tolist() == theirs.recThrs.tolist()
    assert [list(limits) for limits in AREAS.values()] == theirs.areaRng
    assert list(AREAS) == theirs.areaRngLbl
    assert list(COCO.max_detections) == theirs.maxDets


def test_an_overlap_of_the_threshold_matches():
    found = matched([([0, 0, 100, 100], {})], [([0, 0, 100, 75], 0.5)]).matches
    assert found.verdicts[:, 0].tolist() == [TP] * 6 + [FP] * 4


def test_a_taken_object_leaves_the_next_best():
    objects = [([0, 0, 100, 100], {}), ([0, 0, 100, 80], {})]
    detections = [([0, 0, 100, 99], 0.9), ([0, 0, 100, 97], 0.8), ([0, 0, 100, 99], 0.7)]
    assert at_half(objects, detections) == ([TP, TP, FP], [0, 1, -1])


def test_of_equal_overlaps_the_last_is_taken():
    assert at_half([(BOX, {}), (BOX, {})], [(BOX, 0.9)]) == ([TP], [1])


def test_an_object_that_counts_comes_before_a_better_crowd():
    objects = [(BOX, {"iscrowd": 1}), ([10, 10, 40, 30], {})]
    assert at_half(objects, [(BOX, 0.9), (BOX, 0.8)]) == ([TP, IGNORED], [1, 0])


def test_a_crowd_excuses_many_by_the_share_inside_and_an_ignored_object_one():
    crowd = [([0, 0, 200, 200], {"iscrowd": 1})]
    detections = [(BOX, 0.9), ([-20, 0, 40, 40], 0.8), ([-21, 0, 40, 40], 0.7)]
    assert at_half(crowd, detections) == ([IGNORED, IGNORED, FP], [0, 0, -1])
    difficult = [(BOX, {"area": -1})]
    assert at_half(difficult, [(BOX, 0.9), (BOX, 0.8)]) == ([IGNORED, FP], [0, -1])


def test_sizes():
    found = matched([(BOX, {}), ([100, 100, 20, 20], {})], [(BOX, 0.9), ([200, 200, 20, 20], 0.8)])
    # in each range: the medium object found, the small one missed; a small false detection
    assert found.verdicts[:, 0].tolist() == [[TP, FP], [IGNORED, FP], [TP, IGNORED], [IGNORED] * 2]
    assert found.ignored.tolist() == [[False] * 2, [True, False], [False, True], [True] * 2]


def test_the_given_area_counts_for_objects_and_the_box_for_detections():
    found = matched([(BOX, {"area": 900})], [(BOX, 0.9)])
    assert found.verdicts[:, 0, 0].tolist() == [TP, TP, IGNORED, IGNORED]


def test_a_hundred_detections_of_an_image_and_class():
    found = matched([(BOX, {})], [([300, 300, 9, 9], 0.9)] * 100 + [(BOX, 0.5)])
    assert len(found.matches) == 100
    assert found.ranks.tolist() == list(range(100))


def test_equal_scores_go_by_image_then_by_reading_order():
    truth = {
        "images": [{"id": 9}, {"id": 2}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [],
    }
    rows = [(9, 1), (2, 2), (9, 3), (2, 4)]
    results = [
        {"image_id": i, "category_id": 1, "bbox": [x, 0, 9, 9], "score": 0.5} for i, x in rows
    ]
    found = match_coco(read_truth(truth, None), read_results(results))
    assert found.image_ids == (2, 9)
    assert found.boxes[:, 0].tolist() == [2, 4, 1, 3]


def test_strangers_are_refused():
    truth = read_truth({"images": [], "categories": [], "annotations": []}, None)
    assert len(match_coco(truth, read_results([]))) == 0
    entry = {"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.5}
    with pytest.raises(ValueError, match=r"1 unknown \(1\) where the data has 0"):
        match_coco(truth, read_results([entry]))


def test_chunks_of_pairs_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    images = [{"id": i} for i in range(6)]

    def some(n):
        boxes = np.hstack([rng.random((n, 2)) * 30, np.full((n, 2), 40.0)]).tolist()
        return [
            {"image_id": i, "category_id": 1, "bbox": box, "score": score}
            for i, box, score in zip(rng.integers(0, 6, n).tolist(), boxes, rng.random(n).tolist())
        ]

    categories = [{"id": 1, "name": "cat"}]
    truth = read_truth({"images": images, "categories": categories, "annotations": some(40)}, None)
    found = read_results(some(200))
    whole = match_areas(truth, found)
    assert set(whole.verdicts[0, 0].tolist()) == {TP, FP}
    for limit in (1, 50, 300):
        monkeypatch.setattr("resdet.evaluation.pairs._PAIRS_AT_ONCE", limit)
        part = match_areas(truth, found)
        assert np.array_equal(whole.verdicts, part.verdicts)
        assert np.array_equal(whole.matches.objects, part.matches.objects)
