"""Tables for people: what they say, and that nothing is cut."""

import io

from rich.console import Console

from resdet.evaluation.score_tables import (
    coco_class_table,
    coco_table,
    percent,
    voc_table,
)

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


def text_of(table, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return " ".join(console.export_text().split())


def test_percent():
    assert [percent(0.7321), percent(None), percent(-1.0), percent(0.0)] == [
        "73.2",
        "n/a",
        "n/a",
        "0.0",
    ]
    assert [percent(0.032, True), percent(-0.0006, True), percent(None, True)] == [
        "+3.2",
        "-0.1",
        "n/a",
    ]


def test_tables_name_their_convention():
    text = text_of(voc_table(VOC, {**VOC, "metric": "area"}))
    assert "AP@t x100, IoU >= t, 4 images" in text
    assert "AP@0.50 11-point" in text
    assert "AP@0.50 area" in text
    assert "AP@0.50 40point" in text_of(voc_table({**VOC, "metric": "40point"}))
    assert "[b]" in text  # a class name is no markup
    assert "50.0" in text
    text = text_of(coco_table(coco(0.25)))
    assert "ARl" in text
    assert "n/a" in text
    assert "25.0" in text_of(coco_class_table(coco(0.25)))


def test_tables_tell_over_how_many_classes_and_what_other_grids_give():
    grids = {"numpy": {"0.50": 0.41}, "matlab": {"0.50": 0.45}}
    text = text_of(voc_table({**VOC, "other_grids": grids}))
    assert "IoU >= t, 4 images, the mean of 1 of 2 classes" in text
    assert (
        "11-point at exact tenths; by NumPy's tenths mAP@0.50 41.0 (-9.00); by MATLAB's tenths "
        "mAP@0.50 45.0 (-5.00)" in text
    )
    assert "exact tenths" not in text_of(voc_table(VOC))
    by_area = {"all": 1, "small": 0, "medium": 1, "large": 1}
    rows = text_of(coco_table({**coco(0.25), "classes_in_mean_by_area": by_area}))
    assert "APs │ n/a │ 0 of 1 class" in rows
    assert "AP75 │ 25.0 │ 1 class" in rows


def test_no_number_is_cut_at_80_columns():
    aps = {f"{k / 100:.2f}": k / 200 for k in range(50, 100, 5)}
    many = {**VOC, "mAP": aps, "per_class": {"a": aps}}
    for table in (voc_table(many, many), coco_table(coco(0.25)), voc_table(VOC, VOC)):
        assert "\u2026" not in text_of(table, width=80)
    assert "36.2" in text_of(voc_table(many))  # the mean of 25.0, 27.5, ..., 47.5
