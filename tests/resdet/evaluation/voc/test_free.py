"""ImageNet's rules of DET by cases worked by hand, corners as its files have them: inclusive."""

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation import evaluate_voc, match_voc
from resdet.evaluation.matches import Objects
from resdet.evaluation.rules import DEVKIT, IMAGENET
from resdet.evaluation.voc.score import rematch
from resdet.structures.records import Detections, GroundTruth


def truth(boxes, labels=None, difficult=None):
    labels = [0] * len(boxes) if labels is None else labels
    return GroundTruth(np.array(boxes, float).reshape(-1, 4), np.array(labels), difficult)


def found(image_id, boxes, scores, labels=None):
    labels = [0] * len(boxes) if labels is None else labels
    return Detections(image_id, np.array(boxes, float), np.array(labels), np.array(scores, float))


def verdicts(objects, boxes, rules=IMAGENET, threshold=0.5):
    """Of detections of one image by falling score: 1 right, -1 false, 0 ignored."""
    scores = np.linspace(0.9, 0.1, len(boxes))
    given = {"i": objects if isinstance(objects, GroundTruth) else truth(objects)}
    matches = match_voc(
        given, [found("i", boxes, scores)], ["a"], thresholds=(threshold,), rules=rules
    )
    return matches.verdicts[0].tolist()


@pytest.mark.parametrize(
    ("side", "around", "right"),
    [
        # 10 x 10 asks for 100 / 400 = 0.25; 20 x 20 around it overlaps by just that
        (10, (20, 20), True),
        (10, (20, 21), False),
        # 24 x 24 asks for 576 / 1156 = 0.498; 24 x 48 overlaps by 0.5, 24 x 49 by 0.49
        (24, (24, 48), True),
        (24, (24, 49), False),
        # 25 x 25 would ask for 625 / 1225 = 0.51, more than 0.5, which is then asked for
        (25, (25, 50), True),
        (25, (25, 51), False),
    ],
)
def test_a_small_object_asks_for_less(side, around, right):
    width, height = around
    objects, boxes = [[0, 0, side - 1, side - 1]], [[0, 0, width - 1, height - 1]]
    assert verdicts(objects, boxes) == [1 if right else -1]
    strict = replace(IMAGENET, leeway=None)
    assert verdicts(objects, boxes, rules=strict) == [1 if right and side > 10 else -1]


def test_what_is_taken_is_passed_over():
    # both detections overlap the left object most; the second then finds the right one, by 70 / 130
    objects, boxes = [[0, 0, 99, 99], [40, 0, 139, 99]], [[0, 0, 99, 99], [10, 0, 109, 99]]
    assert verdicts(objects, boxes) == [1, 1]
    assert verdicts(objects, boxes, rules=DEVKIT) == [1, -1]


def test_of_those_near_enough_the_most_overlapped_is_found():
    # 0.36 of the large object, which asks for 0.5; 0.28 of the small one, which asks for 0.25
    large, small, box = [0, 0, 35, 29], [30, 22, 39, 31], [21, 13, 39, 31]
    assert verdicts([large], [box]) == [-1]
    assert verdicts([large, small], [box]) == [1]
    assert verdicts([large, small], [box], rules=DEVKIT) == [-1]


def test_the_first_of_equals_is_found():
    data = {"i": truth([[0, 0, 99, 99], [0, 0, 99, 99]])}
    matches = match_voc(data, [found("i", [[0, 0, 99, 99]], [1])], ["a"], rules=IMAGENET)
    assert matches.objects.tolist() == [[0]]


def test_a_second_detection_is_false():
    assert verdicts([[0, 0, 99, 99]], [[0, 0, 99, 99], [0, 0, 99, 99]]) == [1, -1]


def test_difficult_objects_count():
    objects = truth([[0, 0, 99, 99]], difficult=[True])
    assert verdicts(objects, [[0, 0, 99, 99]]) == [1]
    assert verdicts(objects, [[0, 0, 99, 99]], rules=DEVKIT) == [0]


def test_equal_scores_are_in_the_order_of_the_images():
    # a is before b, whatever was read first: TP, FP; precision 1 at recall 1
    data = {"a": truth([[0, 0, 99, 99]]), "b": truth([])}
    dets = [found("b", [[0, 0, 9, 9]], [0.5]), found("a", [[0, 0, 99, 99]], [0.5])]
    for rules, ap in ((IMAGENET, 1.0), (DEVKIT, 0.5)):
        result = evaluate_voc(data, dets, ["x"], rules=rules)
        assert result["mAP"]["0.50"] == ap


def test_the_mean_is_over_the_classes():
    # class 0: found, AP 1; class 1: missed, AP 0
    data = {"a": truth([[0, 0, 99, 99], [0, 0, 99, 99]], [0, 1])}
    result = evaluate_voc(data, [found("a", [[0, 0, 99, 99]], [1])], ["x", "y"], rules=IMAGENET)
    assert result["mAP"]["0.50"] == 0.5
    assert (result["met"], result["leeway"]) == ("free", 10)


def test_objects_that_are_ignored_excuse_where_none_is_free():
    matches = match_voc(
        {"i": truth([[0, 0, 99, 99], [0, 0, 99, 79]])},
        [found("i", [[0, 0, 99, 99]] * 3, [3, 2, 1])],
        ["a"],
        rules=IMAGENET,
    )
    assert matches.verdicts.tolist() == [[1, 1, -1]]
    part = Objects(
        matches.truth.images, matches.truth.labels, matches.truth.boxes, np.array([True, False])
    )
    again = rematch(matches, part)
    assert again.verdicts.tolist() == [[1, 0, 0]]
    assert again.objects.tolist() == [[1, 0, 0]]


def by_loops(objects, labels, boxes, of, least=0.5):
    """The devkit's two loops, for one image and detections by falling score."""
    taken, told = set(), []
    for box, label in zip(boxes, of):
        best, at = -np.inf, None
        for k, (b, other) in enumerate(zip(objects, labels)):
            iw = min(box[2], b[2]) - max(box[0], b[0]) + 1
            ih = min(box[3], b[3]) - max(box[1], b[1]) + 1
            if other != label or k in taken or iw <= 0 or ih <= 0:
                continue
            area = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (box, b)]
            w, h = b[2] - b[0] + 1, b[3] - b[1] + 1
            overlap = iw * ih / (sum(area) - iw * ih)
            if overlap >= min(least, w * h / ((w + 10) * (h + 10))) and overlap > best:
                best, at = overlap, k
        told.append(-1 if at is None else at)
        taken.add(at)
    return told


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_plain_loops(seed):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 40, (12, 2))
    objects = np.hstack([corners, corners + rng.integers(3, 30, (12, 2))]).astype(float)
    labels = rng.integers(0, 2, 12)
    at = rng.integers(0, 12, 60)
    boxes = objects[at] + rng.integers(-4, 5, (60, 4))
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
    scores = rng.permutation(60) / 60
    for threshold in (0.5, 0.75):
        matches = match_voc(
            {"i": truth(objects, labels)},
            [found("i", boxes, scores, labels[at])],
            ["a", "b"],
            thresholds=(threshold,),
            rules=IMAGENET,
        )
        order = np.lexsort((-scores, labels[at]))
        expected = by_loops(objects, labels, boxes[order], labels[at][order], threshold)
        assert matches.objects[0].tolist() == expected
