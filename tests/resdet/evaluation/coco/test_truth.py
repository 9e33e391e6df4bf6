"""Ground truth in COCO's form: made of VOC data, and each fault of a file by its name."""

import json
from pathlib import Path

import numpy as np
import pytest

from resdet.evaluation import evaluate_coco, evaluate_voc, ground_truth_by_id, to_coco_results
from resdet.evaluation.coco.truth import coco_ground_truth, coco_truth, read_truth
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord

OBJECT = {"image_id": 5, "category_id": 3, "bbox": [0, 0, 5, 5]}
TRUTH = {
    "images": [{"id": 1}, {"id": 5}],
    "annotations": [OBJECT],
    "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}],
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"images": None}, "must be a COCO object with the lists"),
        ({"images": [{"id": -5}]}, "must name images and categories of the same file"),
        ({"categories": [{"id": 3}]}, "category 0: name must be a string, got None"),
        ({"categories": [{"id": "circle", "name": "x"}]}, "category 0: id must be an integer"),
        ({"images": [{"id": None}]}, "image 0: id must be an integer of 64 bits or a string"),
        ({"images": ["a.jpg"]}, "image 0: id must be .*, got in 'a.jpg'"),
        ({"annotations": [OBJECT | {"area": "x"}]}, "annotation 0: area must be .*, got 'x'"),
        ({"annotations": [OBJECT | {"image_id": [5]}]}, "annotation 0: image_id must be"),
        ({"annotations": [OBJECT | {"bbox": "x"}]}, "annotation 0: bbox must be"),
        ({"annotations": [OBJECT | {"bbox": [0, 0, -1, 5]}]}, "annotation 0: bbox must be"),
        (
            {"annotations": [OBJECT | {"area": float("nan")}]},
            "area must be a finite number, got nan",
        ),
        (
            {"annotations": [OBJECT | {"iscrowd": "no"}]},
            "annotation 0: iscrowd must be 0 or 1, got 'no'",
        ),
        (
            {"images": [{"id": 4}, {"id": 5}, {"id": 4, "file_name": "a"}]},
            "image ids must differ, got 4 twice",
        ),
        (
            {"categories": [{"id": 3, "name": "a"}, {"id": 3, "name": "b"}]},
            "category ids must differ, got 3 twice",
        ),
    ],
)
def test_broken_annotations(change, text):
    with pytest.raises(ValueError, match=text):
        read_truth({**TRUTH, **change}, None)


def voc_dataset(stems, truths):
    records = [
        ImageRecord(stem, Path(f"{stem}.jpg"), 100, 100, truth)
        for stem, truth in zip(stems, truths)
    ]
    return Dataset("toy", "voc", ("a", "b"), tuple(records), Path("."))


def test_voc_data_in_coco_form():
    gt = GroundTruth(
        np.array([[0, 0, 40, 40], [50, 50, 90, 90]], np.float32), [0, 0], [False, True]
    )
    empty = GroundTruth(np.zeros((0, 4)), [])
    for stems in (["000007", "000009"], ["2008_000002", "2008_000003"]):
        dataset = voc_dataset(stems, [gt, empty])
        # the difficult object is missed by the one, found (IoU 0.525) by the other
        half = np.array([[50, 50, 90, 71]], np.float32)
        easy = [Detections(stems[0], gt.boxes[:1], [0], np.array([0.8]))]
        boxes = np.concatenate([half, gt.boxes[:1]])
        both = [Detections(stems[0], boxes, [0, 0], np.array([0.9, 0.8]))]
        truth = coco_ground_truth(dataset)
        assert [i["id"] for i in truth["images"]] == ([7, 9] if stems[0] == "000007" else [1, 2])
        for dets in (easy, both):
            results = to_coco_results(dets, dataset.category_ids)
            for backend in ("numpy", "faster", "pycocotools"):
                scores = evaluate_coco(truth, results, backend=backend)
                assert scores["AP50"] == pytest.approx(1.0)
                assert scores["per_class"]["b"] is None
            voc = evaluate_voc(ground_truth_by_id(dataset.records), dets, dataset.class_names)
            assert voc["mAP"]["0.50"] == 1.0


def test_an_inverted_object_counts_and_is_never_found():
    truth = GroundTruth(np.array([[10, 10, 1, 30], [50, 50, 90, 90]], np.float32), [0, 0])
    dataset = voc_dataset(["a"], [truth])
    found = [Detections("a", truth.boxes[1:], [0], np.array([0.9]))]
    scores = evaluate_coco(coco_ground_truth(dataset), to_coco_results(found, (1, 2)))
    assert scores["AR100"] == 0.5


@pytest.mark.parametrize(
    ("images", "of", "category"), [(("1", "5"), "5", "3"), ((1.0, 5.0), 5, 3.0), ((1, 5), "5", 3)]
)
def test_ids_of_other_types_and_boxes_that_are_drawn(images, of, category):
    drawn = {"segmentation": [[0, 0, 5, 0, 5, 5]], "image_id": of, "category_id": category}
    content = TRUTH | {"images": [{"id": i} for i in images], "annotations": [drawn]}
    for backend in ("numpy", "faster", "pycocotools"):
        results = [{"image_id": images[1], "category_id": 3, "bbox": [0, 0, 5, 5], "score": 0.9}]
        assert evaluate_coco(content, results, backend=backend)["AP"] == pytest.approx(1)


def test_classes_that_the_file_has_not_are_named_after_its_own(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(TRUTH))
    truth = coco_truth(
        Dataset(
            *("x", "coco", ("fox", "cat", "dog")),
            (ImageRecord(5, Path("5.jpg"), 9, 9),),
            tmp_path / "x.json",
            category_ids=(8, 3, 7),
            absent=frozenset({8}),
        )
    )
    assert truth.category_names == {3: "cat", 7: "dog", 8: "fox"}
