"""Numbers of datasets: which decides, under which names, and what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from backbones.files.json_file import read_json
from resdet.evaluation.coco.score import TWELVE
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord
from resdet.training import evaluation
from resdet.training.evaluation import check_classes, check_places, evaluate, flatten, primary

BOX = np.array([[1, 1, 20, 20]], np.float32)


@pytest.fixture
def voc(tmp_path: Path) -> Dataset:
    truth = GroundTruth(BOX, [0])
    record = ImageRecord("a", tmp_path / "a.jpg", 40, 60, truth)
    return Dataset("mine", "voc", ("cat", "dog"), (record,), tmp_path)


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Finds every object, and a dog that is none."""

    def detect_all(detector: object, dataset: Dataset) -> list[Detections]:
        boxes, scores = np.concatenate([BOX, BOX]), np.array([0.9, 0.5], np.float32)
        return [Detections(r.image_id, boxes, [0, 1], scores) for r in dataset.records]

    monkeypatch.setattr(evaluation, "detect_all", detect_all)
    return SimpleNamespace(class_names=("cat", "dog"))


def test_detections_are_scored_looked_at_and_written(
    voc: Dataset, detector: SimpleNamespace, tmp_path: Path
) -> None:
    second = replace(voc, name="other")
    seen = []
    scores = evaluate(
        detector, [voc, second], tmp_path, lambda data, found: seen.append((data.name, len(found)))
    )
    assert list(scores) == ["mine", "other"]
    assert scores["mine"]["area"]["per_class"]["cat"]["0.50"] == 1
    assert seen == [("mine", 1), ("other", 1)]
    assert len(read_json(tmp_path / "coco_instances_results.json")) == 2
    assert (tmp_path / "coco_instances_results_2.json").is_file()
    assert (tmp_path / "comp4").is_dir()
    assert (tmp_path / "comp4_2").is_dir()


def test_cls_loc_is_scored_by_five_guesses(voc: Dataset, detector: SimpleNamespace) -> None:
    data = replace(voc, judged_by="localisation")
    scores = evaluate(detector, [data])
    assert scores["mine"]["localisation"] == [0] * 5
    assert primary(data, scores["mine"]) == 1
    assert primary(data, {}) is None
    flat = flatten(scores)
    assert flat == {"mine/localisation-error": 0, "mine/classification-error": 0}


def test_det_is_scored_by_its_devkit(voc: Dataset, detector: SimpleNamespace) -> None:
    dog = replace(voc, judged_by="imagenet", left_out=frozenset({("a", 1)}))
    scores = evaluate(detector, [dog])["mine"]["area"]
    assert (scores["met"], scores["num_detections"]) == ("free", 1)


def test_places_are_tried_before_the_work(voc: Dataset, tmp_path: Path) -> None:
    check_places(tmp_path, [voc, replace(voc, name="other")])
    (tmp_path / "comp4_2").touch()
    check_places(tmp_path, [voc])
    with pytest.raises(ValueError, match=r"folder must be a folder or new, got the file .*comp4_2"):
        check_places(tmp_path, [voc, replace(voc, name="other")])
    (tmp_path / "coco_instances_results.json").mkdir()
    with pytest.raises(OSError, match=r"got the folder .*coco_instances_results\.json"):
        check_places(tmp_path, [replace(voc, kind="coco")])
    odd = replace(voc, records=(replace(voc.records[0], image_id=" a"),))
    with pytest.raises(ValueError, match="image id must be without line breaks"):
        check_places(tmp_path / "new", [odd])


def test_without_annotations_or_in_another_process_there_is_no_number(
    voc: Dataset, detector: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = replace(voc, records=(replace(voc.records[0], ground_truth=None),))
    assert evaluate(detector, [unknown]) == {"mine": {}}
    assert primary(unknown, {}) is None
    monkeypatch.setattr(evaluation, "detect_all", lambda *a: None)
    assert evaluate(detector, [voc]) == {}


def test_classes_are_the_detectors_in_its_order(voc: Dataset) -> None:
    check_classes(("cat", "dog"), voc)
    with pytest.raises(
        ValueError, match=r"mine must be the model's \(dog, cat\), got cat, dog; gi"
    ):
        check_classes(("dog", "cat"), voc)


def test_the_best_is_by_the_rule_of_the_data(voc: Dataset) -> None:
    numbers = {"11point": {"mAP": {"0.50": 0.25}}, "area": {"mAP": {"0.50": 0.5}}}
    assert primary(voc, numbers) == 0.5
    assert primary(replace(voc, metric="11point"), numbers) == 0.25
    coco = replace(voc, kind="coco")
    assert primary(coco, {"AP": 0.3, "AP50": 0.6}) == 0.3
    assert primary(coco, {}) is None


def test_a_number_has_one_name_and_what_is_none_is_left_out() -> None:
    voc = {"area": {"mAP": {"0.50": 0.5, "0.75": None}, "num_images": 4}}
    first, second = list(TWELVE)[:2]
    coco = {first: 0.3, "per_class": {"cat": 0.1}, second: None}
    assert flatten({"a": voc, "b": coco}) == {"a/mAP@0.50-area": 0.5, f"b/{first}": 0.3}


def test_what_the_file_has_no_category_for_is_not_written(
    detector: SimpleNamespace, tmp_path: Path
) -> None:
    box = {"id": 1, "image_id": "p1", "category_id": 5, "bbox": [1, 1, 19, 19]}
    content = {"images": [{"id": "p1"}], "annotations": [box]}
    content["categories"] = [{"id": 5, "name": "cat"}]
    (tmp_path / "x.json").write_text(json.dumps(content))
    record = ImageRecord("p1", Path("p1.png"), 40, 60, GroundTruth(BOX, [0]))
    names, ids = ("cat", "dog"), (5, 6)
    data = Dataset("mine", "coco", names, (record,), tmp_path / "x.json", category_ids=ids)
    scores = evaluate(detector, [replace(data, absent=frozenset({6}))], tmp_path)
    assert scores["mine"]["AP"] == pytest.approx(1)
    (entry,) = read_json(tmp_path / "coco_instances_results.json")
    assert (entry["image_id"], entry["category_id"]) == ("p1", 5)
