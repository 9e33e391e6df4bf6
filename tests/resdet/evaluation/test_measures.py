"""What a result measured, and comparisons of like with like only."""

import pytest

from resdet.evaluation.measures import check_alike, convention, measured, sections
from resdet.evaluation.rules import DETECTRON2

VOC = {
    "mAP": {"0.50": 0.5},
    "per_class": {"a": {"0.50": 0.5}, "[b]": {"0.50": None}},
    "metric": "11point",
    "iou_rule": "ge",
    "num_images": 4,
    "num_detections": 9,
    "seconds": 0.1,
}


def coco(ap):
    names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    scores = dict.fromkeys(names, ap)
    return {**scores, "APs": -1.0, "per_class": {"a": ap}, "num_images": 4, "backend": "faster"}


def names_and_values(result):
    return {measure.name: value for measure, value in measured(result, "r").values.items()}


def check(first, second):
    check_alike([measured(first, "first"), measured(second, "second")])


def test_voc_at_one_threshold():
    assert names_and_values(VOC) == {"mAP@0.50": 0.5, "a": 0.5, "[b]": None}
    assert [m.class_index for m in measured(VOC, "r").values] == [None, 0, 1]


def test_voc_at_several_thresholds_has_means_and_details():
    by_class = {"a": {"0.50": 0.5, "0.75": 0.25}, "mAP": {"0.50": 0.5, "0.75": None}}
    result = {**VOC, "mAP": {"0.50": 0.5, "0.75": 0.25}, "per_class": by_class}
    rows = [
        (m.name, m.class_index, m.threshold, m.detail, value)
        for m, value in measured(result, "r").values.items()
    ]
    assert rows == [
        ("mAP@0.50", None, "0.50", False, 0.5),
        ("mAP@0.75", None, "0.75", False, 0.25),
        ("mAP, mean of 2", None, None, False, 0.375),
        ("a@0.50", 0, "0.50", True, 0.5),
        ("a@0.75", 0, "0.75", True, 0.25),
        ("a, mean of 2", 0, None, False, 0.375),
        ("mAP@0.50", 1, "0.50", True, 0.5),  # a class may be called so
        ("mAP@0.75", 1, "0.75", True, None),
        ("mAP, mean of 2", 1, None, False, None),
    ]


def test_both_metrics_and_coco():
    both = {"11point": VOC, "area": {**VOC, "metric": "area"}, "analysis": {}}
    measures = list(measured(both, "r").values)
    assert [m.key for m in measures][:4:3] == ["mAP@0.50, 11point", "mAP@0.50, area"]
    assert [m.printed for m in measures][:2] == ["mAP@0.50, 11-point", "a, 11-point"]
    assert [m.key for m in measured(VOC, "r").values] == ["mAP@0.50", "a", "[b]"]
    values = names_and_values(coco(0.25))
    assert (values["AP75"], values["APs"], values["AP-a"]) == (0.25, None, 0.25)
    of_matches = [m.name for m in measured(coco(0.25), "r").values if m.metric]
    assert of_matches == ["AP", "AP50", "AP75", "AP-a"]


def test_a_trained_detectors_result_holds_its_evaluation():
    trained = {"config": "voc0712_r101", "metrics": {"voc_2007_test": {"area": VOC}}}
    assert sections(trained) == [VOC]
    assert names_and_values(trained) == names_and_values(VOC)
    two = {"metrics": {"a": VOC, "b": VOC}}
    with pytest.raises(ValueError, match="got metrics of 2 data sets for one"):
        measured(two, "r")


def test_titles():
    assert convention(VOC) == "VOC 11-point, IoU >= t, 4 images, the mean of 1 of 2 classes"
    assert convention({**VOC, "metric": "area", "iou_rule": "gt"}) == (
        "VOC area, IoU > t, 4 images, the mean of 1 of 2 classes"
    )
    assert convention({**VOC, **DETECTRON2.to_dict()}) == (
        "VOC 11-point, IoU > t, scores rounded to 0.001, boxes rounded to 0.1, "
        "equal scores in NumPy's order, NumPy's tenths, 4 images, the mean of 1 of 2 classes"
    )
    assert "boxes rounded to 0," in convention({**VOC, "box_decimals": 10**400})
    assert convention({**coco(0.5), "metric": "101point"}) == "COCO, 4 images, the mean of 1 class"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"metric": "area"}, "metrics: 11point against area"),
        ({"iou_rule": "gt"}, "iou_rule: ge against gt"),
        ({"ties": "numpy"}, "ties: stable against numpy"),
        ({"recall": "float"}, "recall: tenths against numpy"),
        ({"mean": "listed"}, "mean: objects against listed"),
        ({"score_decimals": 3}, "score_decimals: None against 3"),
        ({"num_images": 5}, "num_images: 4 against 5"),
        (
            {"mAP": {"0.75": 0.5}, "per_class": {"a": {"0.75": 0.5}, "[b]": {"0.75": None}}},
            r"thresholds: 0\.50 against 0\.75",
        ),
        ({"per_class": {"a": {"0.50": 0.5}}}, r"classes: a, \[b\] against a;"),
    ],
)
def test_numbers_made_by_different_rules_are_not_compared(change, text):
    check(VOC, {**VOC, "seconds": 2, "ties": "stable"})
    check({**VOC, "recall": "float"}, {**VOC, "recall": "numpy"})  # its name of before
    with pytest.raises(ValueError, match=text):
        check(VOC, {**VOC, **change})


def test_kinds_are_not_mixed():
    with pytest.raises(ValueError, match="different metrics: 11point against COCO; evaluate"):
        check(VOC, coco(0.5))
    ranged = {**coco(0.5), "max_detections": [1, 10, 100]}
    with pytest.raises(ValueError, match="max_detections: 1, 10, 100 against 1, 10, 300"):
        check(ranged, {**ranged, "max_detections": [1, 10, 300]})


@pytest.mark.parametrize(
    ("foreign", "text"),
    [
        ([{"image_id": 1}], "got a list"),
        (None, "got a NoneType"),
        ({"loss": 1}, "got no '"),
        ({**VOC, "metric": "12point"}, "got metric '12point', which is none of 11point, area"),
        ({**VOC, "metric": "mine"}, "'mine', which is none of .*added by the module that RESDET_"),
        ({**VOC, "iou_rule": "eq"}, "got iou_rule 'eq', which is none of ge, gt"),
        ({**VOC, "mAP": {"0.50": "half"}}, "got 0.50 'half', which is no number"),
        ({**VOC, "per_class": {"a": {"0.50": "x"}}}, "got 0.50 'x', which is no number"),
        ({**VOC, "per_class": {"a": {}}}, "got no '0.50'"),
        ({**VOC, "mAP": {"0.50": 50.0}}, "got 0.50 50.0, which is no fraction"),
        ({**VOC, "mAP": {}}, "got mAP at no threshold"),
        ({**VOC, "num_images": "four"}, "got num_images 'four', which is no count"),
        ({"11point": VOC, "area": [1]}, "got"),
        ({**coco(0.5), "AP75": "x"}, "got AP75 'x', which is no number"),
        ({**coco(0.5), "per_class": {"a": []}}, r"got a \[\], which is no number"),
        ({"metrics": {}}, "got metrics of 0 data sets"),
        ({"metrics": {"a": [1]}}, "got"),
        ({**VOC, "mAP": [1]}, r"got mAP \[1\], which is no object"),
        ({**VOC, "per_class": [1]}, r"got per_class \[1\], which is no object"),
        ({**coco(0.5), "per_class": [1]}, r"got per_class \[1\], which is no object"),
        ({**VOC, "config": [1]}, r"got config \[1\], which is no name"),
        ({**VOC, "score_decimals": "3"}, "got score_decimals '3', which is no count"),
    ],
)
def test_foreign_json_is_named(foreign, text):
    with pytest.raises(ValueError, match=rf"^results/b\.json must be the JSON .*{text}"):
        measured(foreign, "results/b.json")
