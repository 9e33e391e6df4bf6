"""VOC average precision against cases worked by hand and against plain loops."""

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation import evaluate_voc, ground_truth_by_id, match_voc, score_voc
from resdet.evaluation.average_precision import threshold_key
from resdet.evaluation.matches import Objects
from resdet.evaluation.rules import COCO, DETECTRON2, Rules
from resdet.evaluation.voc.score import rematch
from resdet.structures.boxes import from_voc
from resdet.structures.records import Detections, GroundTruth, ImageRecord

BOX = [0, 0, 10, 10]
FAR = [50, 50, 60, 60]


def truth(boxes, labels=None, difficult=None, crowd=None):
    labels = [0] * len(boxes) if labels is None else labels
    return GroundTruth(np.array(boxes, np.float32), np.array(labels), difficult, crowd)


def found(image_id, boxes, scores, labels=None):
    labels = [0] * len(boxes) if labels is None else labels
    return Detections(image_id, np.array(boxes, np.float32), np.array(labels), np.array(scores))


def ap(ground_truth, detections, metric="area", **kwargs):
    result = evaluate_voc(ground_truth, detections, ["a"], metric=metric, **kwargs)
    return result["per_class"]["a"]["0.50"]


def test_duplicate_detection_is_a_false_positive():
    # 2 objects. By score: TP (P 1/1, R 1/2), duplicate FP (P 1/2), TP (P 2/3, R 2/2).
    # area: 1/2 * 1 + 1/2 * 2/3 = 5/6. 11-point: R <= 0.5 six times 1, five times 2/3.
    data = {"i": truth([BOX, FAR])}
    dets = [found("i", [BOX, BOX, FAR], [0.9, 0.8, 0.7])]
    assert ap(data, dets) == pytest.approx(5 / 6, abs=1e-15)
    assert ap(data, dets, "11point") == pytest.approx((6 + 5 * 2 / 3) / 11, abs=1e-15)


@pytest.mark.parametrize(("rule", "expected"), [("ge", 1.0), ("gt", 0.0)])
@pytest.mark.parametrize(
    ("width", "threshold"), [(5, 0.5), (7.5, 0.75), (3, 0.3), (6, 0.6), (9, 0.9)]
)
def test_iou_exactly_at_the_threshold(rule, expected, width, threshold):
    # intersection 10 * width, union 100
    result = evaluate_voc(
        {"i": truth([BOX])},
        [found("i", [[0, 0, width, 10]], [0.9])],
        ["a"],
        thresholds=[threshold],
        rules=Rules("voc", rule),
    )
    assert result["mAP"] == {threshold_key(threshold): expected}


def test_iou_of_float_corners_exactly_at_the_threshold():
    widths = np.arange(101, 600) / 10  # most are no float32
    truths = {i: GroundTruth(np.array([[0, 0, w, 10]]), [0]) for i, w in enumerate(widths)}
    dets = [Detections(i, [[0, 0, 2 * w, 10]], [0], np.array([0.9])) for i, w in enumerate(widths)]
    assert (match_voc(truths, dets, ["a"]).verdicts == 1).all()


def test_devkit_pixels_are_the_plain_area():
    # The file says (1, 1, 10, 10) and (1, 1, 10, 5): with inclusive pixels 50 of 100, IoU 1/2.
    gt = from_voc(np.array([[1, 1, 10, 10]], np.float32))
    det = from_voc(np.array([[1, 1, 10, 5]], np.float32))
    assert ap({"i": truth(gt)}, [found("i", det, [1.0])]) == 1.0
    assert ap({"i": truth(gt)}, [found("i", det, [1.0])], rules=Rules("voc", "gt")) == 0.0


def test_difficult_objects_are_ignored_and_not_missed():
    # FAR is difficult: its two detections count as nothing, and it is not in the recall.
    data = {"i": truth([FAR, BOX], difficult=[True, False])}
    dets = [found("i", [FAR, FAR, BOX], [0.9, 0.8, 0.7])]
    assert ap(data, dets) == 1.0
    assert match_voc(data, dets, ["a"]).verdicts.tolist() == [[0, 0, 1]]


def test_detection_nearest_to_a_difficult_object_is_not_given_to_another():
    # IoU with the difficult box 100/110, with the other 100/120: ignored, the other is missed.
    data = {"i": truth([[0, 0, 11, 10], [0, 0, 12, 10]], difficult=[True, False])}
    assert ap(data, [found("i", [BOX], [0.9])]) == 0.0


def test_detection_nearest_to_a_taken_object_is_a_duplicate():
    # Both detections overlap the first object most; the second object stays missed (P 1, R 1/2).
    data = {"i": truth([BOX, [0, 0, 13, 10]])}
    assert ap(data, [found("i", [BOX, BOX], [0.9, 0.8])]) == 0.5


def test_crowds_count_as_difficult():
    data = {"i": truth([BOX, FAR], crowd=[True, False])}
    assert ap(data, [found("i", [FAR], [0.9])]) == 1.0  # the crowd is not missed
    assert match_voc(data, [found("i", [BOX], [0.9])], ["a"]).verdicts.tolist() == [[0]]


@pytest.mark.parametrize(("difficult", "verdict"), [([True, False], 0), ([False, True], 1)])
def test_of_two_equal_overlaps_the_first_object_counts(difficult, verdict):
    data = {"i": truth([BOX, BOX], difficult=difficult)}
    assert match_voc(data, [found("i", [BOX], [0.9])], ["a"]).verdicts.tolist() == [[verdict]]


def test_classes_without_objects_or_detections():
    # a: found. b: objects, no detection: 0. c: detection, no object: None, and not in the mean.
    data = {"i": truth([BOX, FAR], [0, 1])}
    dets = [found("i", [BOX, FAR], [0.9, 0.8], [0, 2])]
    for metric in ("11point", "area"):
        result = evaluate_voc(data, dets, ["a", "b", "c"], metric=metric)
        values = {name: aps["0.50"] for name, aps in result["per_class"].items()}
        assert values == {"a": 1.0, "b": 0.0, "c": None}
        assert result["mAP"]["0.50"] == 0.5


def test_a_class_of_difficult_objects_only_has_no_ap():
    assert ap({"i": truth([BOX], difficult=[True])}, [found("i", [BOX], [0.9])]) is None


def test_nothing_at_all():
    assert evaluate_voc({}, [], ["a"])["mAP"] == {"0.50": None}
    assert ap({"i": truth([BOX])}, []) == 0.0
    assert ap({"i": truth([BOX])}, [], "11point") == 0.0
    assert ap({"i": truth([])}, [found("i", [BOX], [0.5])]) is None


def test_equal_scores_keep_reading_order():
    data = {"x": truth([BOX]), "y": truth([])}
    right, wrong = found("x", [BOX], [0.5]), found("y", [BOX], [0.5])
    assert ap(data, [right, wrong]) == 1.0
    assert ap(data, [wrong, right]) == 0.5
    # a file may jump between images: wrong, right (FAR), right (BOX) as three parts
    two = {"x": truth([BOX, FAR]), "y": truth([])}
    mixed = [found("x", [BOX], [0.5]), wrong, found("x", [FAR], [0.5])]
    assert ap(two, mixed) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_eleven_points_reach_three_tenths():
    # 3 of 10 found at precision 1: recall 0, 0.1, 0.2, 0.3 are reached: 4/11. area: 3/10.
    boxes = [[20 * k, 0, 20 * k + 10, 10] for k in range(10)]
    data, dets = {"i": truth(boxes)}, [found("i", boxes[:3], [0.9, 0.8, 0.7])]
    assert ap(data, dets, "11point") == pytest.approx(4 / 11, abs=1e-15)
    assert ap(data, dets) == pytest.approx(0.3, abs=1e-15)


def test_several_thresholds_at_once():
    # IoU 0.8 with the object: found at 0.50 and 0.75, not at 0.9
    data = {"i": truth([BOX])}
    dets = [found("i", [[0, 0, 8, 10]], [0.9])]
    result = evaluate_voc(data, dets, ["a"], thresholds=[0.5, 0.75, 0.9])
    assert result["mAP"] == {"0.50": 1.0, "0.75": 1.0, "0.90": 0.0}


def test_the_json_of_a_result():
    result = evaluate_voc({"i": truth([BOX])}, [found("i", [BOX], [0.9])], ["a"])
    assert result.pop("seconds") >= 0
    assert result == {
        "mAP": {"0.50": 1.0},
        "per_class": {"a": {"0.50": 1.0}},
        "metric": "area",
        "kind": "voc",
        "iou_rule": "ge",
        "ties": "stable",
        "recall": "tenths",
        "score_decimals": None,
        "box_decimals": None,
        "mean": "objects",
        "classes_in_mean": 1,
        "num_images": 1,
        "num_detections": 1,
    }


def test_eleven_points_tell_what_other_grids_would_give():
    boxes = [[20 * k, 0, 20 * k + 9, 9] for k in range(10)]
    result = evaluate_voc(
        {"i": truth(boxes)}, [found("i", boxes[:3], [0.9, 0.8, 0.7])], ["a"], metric="11point"
    )
    assert result["mAP"]["0.50"] == 4 / 11
    three = {"0.50": pytest.approx(3 / 11)}
    assert result["other_grids"] == {"numpy": three, "matlab": three}
    sevens = [found("i", boxes[:7], np.linspace(0.9, 0.3, 7))]
    other = evaluate_voc({"i": truth(boxes)}, sevens, ["a"], metric="11point")["other_grids"]
    assert other == {"numpy": {"0.50": pytest.approx(7 / 11)}}  # MATLAB's 0.7 is 0.7
    assert evaluate_voc({"i": truth(boxes)}, [], ["a"], metric="11point")["other_grids"] == {}


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"thresholds": []}, "thresholds must be"),
        ({"thresholds": [50]}, "thresholds must be"),
        ({"rules": Rules("voc", "eq")}, "iou_rule must be ge or gt"),
        (
            {"metric": "12point"},
            "metric must be 11point or area, got '12point'; did you mean 11point",
        ),
    ],
)
def test_wrong_arguments(kwargs, text):
    with pytest.raises(ValueError, match=text):
        evaluate_voc({"i": truth([BOX])}, [], ["a"], **kwargs)


def test_detections_of_other_images_or_classes():
    data = {"i": truth([BOX])}
    with pytest.raises(ValueError, match=r"1 unknown \('j'\) where the data has 1 \('i'\)"):
        evaluate_voc(data, [found("j", [BOX], [0.9])], ["a"])
    with pytest.raises(ValueError, match=r"labels of the detections must be in \[0, 1\), got \[1"):
        evaluate_voc(data, [found("i", [BOX], [0.9], [1])], ["a"])
    with pytest.raises(ValueError, match=r"labels of the ground truth must be in \[0, 1\)"):
        evaluate_voc({"i": truth([BOX], [3])}, [], ["a"])


def test_records_without_ground_truth(tmp_path):
    record = ImageRecord("i", tmp_path / "i.jpg", 10, 10)
    with pytest.raises(ValueError, match="got none for image 'i'"):
        ground_truth_by_id([record])


def reference(data, dets, label, threshold, rule, metric):
    """VOCevaldet and VOCap as loops over Python numbers."""
    rows = [
        (float(s), d.image_id, box)
        for d in dets
        for s, box, k in zip(d.scores, d.boxes.astype(float).tolist(), d.labels)
        if k == label
    ]
    rows = sorted(rows, key=lambda row: -row[0])  # sorted() is stable
    positives = sum(
        int(k == label and not hard)
        for g in data.values()
        for k, hard in zip(g.labels, g.difficult)
    )
    taken, tp, fp, points = set(), 0, 0, []
    for _, image_id, (x1, y1, x2, y2) in rows:
        g, best, at = data[image_id], -1.0, None
        for j, (a1, b1, a2, b2) in enumerate(g.boxes.astype(float).tolist()):
            if g.labels[j] != label:
                continue
            width, height = min(x2, a2) - max(x1, a1), min(y2, b2) - max(y1, b1)
            inter = max(width, 0.0) * max(height, 0.0)
            iou = inter / ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - inter)
            if iou > best:
                best, at = iou, j
        if best >= threshold if rule == "ge" else best > threshold:
            if g.difficult[at]:
                continue
            hit = (image_id, at) not in taken
            taken.add((image_id, at))
        else:
            hit = False
        tp, fp = tp + hit, fp + (not hit)
        points.append((tp / positives if positives else 0.0, tp / (tp + fp)))
    if not positives:
        return None
    if metric == "11point":
        return sum(max([p for r, p in points if r >= k / 10], default=0.0) for k in range(11)) / 11
    recalls = [0.0, *(r for r, _ in points), 1.0]
    heights = [0.0, *(p for _, p in points), 0.0]
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = max(heights[i], heights[i + 1])
    return sum((recalls[i] - recalls[i - 1]) * heights[i] for i in range(1, len(recalls)))


def random_case(seed):
    rng = np.random.default_rng(seed)

    def boxes(n):
        corner = rng.integers(0, 12, (n, 2))
        return np.concatenate([corner, corner + rng.integers(1, 12, (n, 2))], 1).astype(np.float32)

    data, dets = {}, []
    for i in range(12):
        n, m = rng.integers(0, 6), rng.integers(0, 25)
        data[f"{i:03}"] = truth(boxes(n), rng.integers(0, 4, n), rng.random(n) < 0.3)
        scores = rng.integers(0, 20, m) / 20  # many ties
        dets.append(found(f"{i:03}", boxes(m), scores, rng.integers(0, 4, m)))
    return data, dets


@pytest.mark.parametrize("rule", ["ge", "gt"])
@pytest.mark.parametrize("seed", range(6))
def test_random_data_against_plain_loops(seed, rule, monkeypatch):
    monkeypatch.setattr("resdet.evaluation.pairs._PAIRS_AT_ONCE", 7)  # parts are joined aright
    data, dets = random_case(seed)
    names, thresholds = list("abcde"), [0.25, 0.5, 0.75]
    matches = match_voc(data, dets, names, thresholds=thresholds, rules=Rules("voc", rule))
    for metric in ("11point", "area"):
        result = score_voc(matches, metric)
        for label, name in enumerate(names):
            for threshold in thresholds:
                expected = reference(data, dets, label, threshold, rule, metric)
                value = result["per_class"][name][f"{threshold:.2f}"]
                assert value == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_detectron2_rounds_scores_and_corners_before_it_matches():
    # scores to 3 decimals: 0.7004 and 0.6996 become equal, the one read first comes first.
    # corners of the file to 1 decimal: [3.06, 0, 10, 10] is 4.06 in the file, written 4.1: 3.1 here
    data = {"i": truth([BOX])}
    dets = [found("i", [FAR, [3.06, 0, 10, 10]], [0.6996, 0.7004])]
    exact = match_voc(data, dets, ["a"], rules=Rules("voc", ties="stable"))
    assert exact.scores.tolist() == [np.float64(s) for s in dets[0].scores[::-1]]
    assert exact.boxes.tolist() == [dets[0].boxes[1].tolist(), FAR]
    rules = Rules("voc", score_decimals=3, box_decimals=1)
    rounded = match_voc(data, dets, ["a"], rules=rules)
    assert rounded.scores.tolist() == [0.7, 0.7]
    assert rounded.boxes.tolist() == [FAR, [pytest.approx(3.1, abs=1e-12), 0, 10, 10]]
    assert ap(data, dets) == 1.0
    assert ap(data, dets, rules=rules) == 0.5


def test_rounding_decides_an_overlap_at_the_threshold():
    # 49.8 of 100 pixels; the corner 4.98 + 0 is written as 5.0: 50 of 100
    data, dets = {"i": truth([BOX])}, [found("i", [[0, 0, 4.98, 10]], [0.9])]
    assert ap(data, dets) == 0.0
    assert ap(data, dets, rules=Rules("voc", box_decimals=1)) == 1.0
    assert ap(data, dets, rules=Rules("voc", "gt", box_decimals=1)) == 0.0


def test_corners_are_rounded_as_detectron2_has_them():
    # float32 + 1 is 128.25 (even: 128.2); in float64 it is 128.25000762939453 (128.3)
    x = np.float32(127.25000762939453)
    dets = [found("i", [[x, 0, 150, 10]], [0.9])]
    matches = match_voc({"i": truth([])}, dets, ["a"], rules=DETECTRON2)
    assert f"{x + np.float32(1):.1f}" == "128.2"
    assert matches.boxes[0, 0] + 1 == 128.2


def test_equal_scores_in_numpys_order():
    scores = np.random.default_rng(0).integers(0, 5, 1000) / 8
    corners = np.arange(1000.0)
    boxes = np.stack([corners, corners * 0, corners + 1, corners * 0 + 1], axis=1)
    dets = [Detections("i", boxes, np.zeros(1000, int), scores)]
    for ties, kind in (("stable", "stable"), ("numpy", None)):
        matches = match_voc({"i": truth([])}, dets, ["a"], rules=Rules("voc", ties=ties))
        assert matches.boxes[:, 0].tolist() == np.argsort(-scores, kind=kind).tolist()
    assert (np.argsort(-scores) != np.argsort(-scores, kind="stable")).any()


def test_recall_as_a_float_reaches_one_point_less():
    # 3 of 10 found: the fourth of detectron2's recalls is 0.30000000000000004; 7 of 10: 0.7000...1
    boxes = [[20 * k, 0, 20 * k + 10, 10] for k in range(10)]
    data, dets = {"i": truth(boxes)}, [found("i", boxes[:3], [0.9, 0.8, 0.7])]
    assert ap(data, dets, "11point") == pytest.approx(4 / 11)
    assert ap(data, dets, "11point", rules=Rules("voc", recall="numpy")) == pytest.approx(3 / 11)


@pytest.mark.parametrize("rules", [Rules("voc"), DETECTRON2], ids=["devkit", "detectron2"])
def test_matching_again_is_matching_afresh(rules):
    data, dets = random_case(7)
    other = {k: GroundTruth(g.boxes, g.labels, ~g.difficult) for k, g in data.items()}
    names, thresholds = list("abcd"), [0.3, 0.6]
    first = match_voc(data, dets, names, thresholds=thresholds, rules=rules)
    fresh = match_voc(other, dets, names, thresholds=thresholds, rules=rules)
    again = rematch(first, replace(first.truth, ignored=~first.truth.ignored))
    for name in ("images", "labels", "scores", "boxes", "verdicts", "objects"):
        np.testing.assert_array_equal(getattr(again, name), getattr(fresh, name), name)
    assert (again.verdicts != first.verdicts).any()
    # the rows of `objects` are the caller's, in whatever order the objects come
    back = np.arange(len(first.truth))[::-1]
    fields = ("images", "labels", "boxes", "ignored")
    turned = rematch(first, Objects(*(getattr(first.truth, name)[back] for name in fields)))
    at = turned.objects >= 0
    assert at.any()
    rows = np.nonzero(at)[1]
    np.testing.assert_array_equal(turned.truth.images[turned.objects[at]], turned.images[rows])
    np.testing.assert_array_equal(turned.truth.labels[turned.objects[at]], turned.labels[rows])


def test_unmatched_detections_may_be_ignored():
    # by score: FAR finds nothing and is ignored, BOX true, its duplicate ignored
    data = {"i": truth([BOX])}
    matches = match_voc(data, [found("i", [FAR, BOX, BOX], [0.9, 0.8, 0.7])], ["a"])
    assert matches.verdicts.tolist() == [[-1, 1, -1]]
    small = rematch(matches, matches.truth, ignored_if_unmatched=np.array([True, True, True]))
    assert small.verdicts.tolist() == [[0, 1, 0]]
    assert small.objects.tolist() == [[-1, 0, -1]]
    assert small.average_precisions("area") == {"a": {"0.50": 1.0}}
    large = rematch(matches, matches.truth, ignored_if_unmatched=np.array([False, False, True]))
    assert large.verdicts.tolist() == [[-1, 1, 0]]


def test_what_cannot_be_matched_again():
    matches = match_voc({"i": truth([BOX])}, [], ["a"])
    column = np.array([1])
    with pytest.raises(ValueError, match="by VOC's rule, got 'coco'"):
        rematch(replace(matches, rules=COCO), matches.truth)
    with pytest.raises(ValueError, match=r"images of the objects must be in \[0, 1\)"):
        rematch(matches, replace(matches.truth, images=column))
    with pytest.raises(ValueError, match=r"labels of the objects must be in \[0, 1\), got \[1"):
        rematch(matches, replace(matches.truth, labels=column))
