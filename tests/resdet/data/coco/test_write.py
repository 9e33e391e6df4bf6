"""COCO's form as it is written."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from resdet.data.coco import write as coco
from resdet.data.coco.reader import load_coco
from resdet.data.coco.write import write
from resdet.data.programs import words_for
from resdet.data.writing import (
    CATEGORY_IDS,
    INVERTED,
    NO_CROWD,
    NO_DIFFICULT,
    SHAPES,
    Details,
    Picture,
)
from resdet.structures.records import GroundTruth, ImageRecord


def test_entries_of_coco_stay_and_others_are_made(tmp_path):
    own = {"category_id": 5, "bbox": [1, 2, 3, 4], "mask": "kept"}
    truth = GroundTruth(
        np.array([[1, 2, 4, 6], [0, 0, 0.5, 2], [5, 0, 1, 2]]),
        [1, 0, 0],
        difficult=np.array([False, True, False]),
    )
    details = [Details(entry=own), Details({"pose": "Left"}, shape=True), Details()]
    one = Picture(ImageRecord("a", Path("in/a.jpg"), 40, 60, truth), "a.jpg", 3, details)
    none = Picture(ImageRecord("b", Path("in/b.jpg"), 40, 60), "b.jpg", 4, [])
    told = Counter()
    places = write(tmp_path, {"train": [one], "test": [none]}, ("cat", "dog"), (2, 5), told)
    assert places[Path("in/a.jpg")] == Path("images/a.jpg")
    content = json.loads((tmp_path / "annotations/instances_train.json").read_text())
    assert content["categories"] == [{"id": 2, "name": "cat"}, {"id": 5, "name": "dog"}]
    assert content["images"][0]["id"] == 3
    first, second = content["annotations"]
    made = {"id": 1, "image_id": 3, "area": 12, "iscrowd": 0, "segmentation": []}
    assert first == {**own, **made}
    assert (second["bbox"], second["category_id"]) == ([0, 0, 0.5, 2], 2)
    assert second["area"] == -1
    assert "ignore" not in second
    assert second["attributes"] == {"pose": "Left", "difficult": 1}
    assert second["id"] == 2
    assert +told == {SHAPES: 1, INVERTED: 1, coco.DIFFICULT_TO_COCO: 1}
    other = json.loads((tmp_path / "annotations/instances_test.json").read_text())
    assert "annotations" not in other
    assert other["info"]["description"] == "test, converted by resdet"


def written(folder, entries, words=None, attributes=(), **flags):
    """(objects of the JSON, what was told) of boxes of 10 x 10, of which entries or flags tell."""
    count = max(len(entries), len(attributes))
    boxes = np.array([[10 * at, 0, 10 * at + 10, 10] for at in range(count)], float)
    truth = GroundTruth(boxes, [0] * count, **{key: np.array(v) for key, v in flags.items()})
    details = [Details(entry=entry) for entry in entries] or [Details(a) for a in attributes]
    picture = Picture(ImageRecord("a", Path("in/a.jpg"), 40, 60, truth), "a.jpg", 3, details)
    told = Counter()
    words = words or coco.MOST
    write(folder, {"train": [picture]}, ("cat",), (0,), told, words)
    content = json.loads((folder / "annotations/instances_train.json").read_text())
    return content, +told


def ids(*numbers):
    return [{"id": number, "category_id": 0, "bbox": [1, 2, 3, 4]} for number in numbers]


def test_ids_that_are_none_are_numbered(tmp_path):
    for number, (own, want, changed) in enumerate(
        [((7, 5), [7, 5], 0), ((0, 1), [1, 2], 2), ((3, 3), [1, 2], 2), (("8", 9), [1, 2], 2)]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        content, told = written(folder, ids(*own))
        assert [entry["id"] for entry in content["annotations"]] == want
        assert told.get(coco.RENUMBERED, 0) == changed


def test_categories_count_from_one_for_those_that_must(tmp_path):
    content, told = written(tmp_path, ids(1), words_for("datumaro", "coco"))
    assert content["categories"][0]["id"] == content["annotations"][0]["category_id"] == 1
    assert told == {CATEGORY_IDS: 1}


def test_difficult_objects_and_crowds_come_back(tmp_path):
    """Of entries with `ignore` too, which detectron2 refuses; a crowd is not difficult."""
    own = [{**entry, "ignore": 1} for entry in ids(1, 2)]
    content, told = written(tmp_path, own, difficult=[True, True], crowd=[False, True])
    assert told == {coco.DIFFICULT_TO_COCO: 1}
    assert "ignore" not in content["annotations"][0]
    (tmp_path / "a.jpg").touch()
    data = load_coco(tmp_path / "annotations/instances_train.json", None)
    assert data.records[0].ground_truth.difficult.tolist() == [True, False]
    assert data.records[0].ground_truth.crowd.tolist() == [False, True]


def test_a_crowd_of_voc_is_one_again(tmp_path):
    content, told = written(tmp_path, [], attributes=[{"crowd": 1}], difficult=[True])
    (entry,) = content["annotations"]
    assert (entry["iscrowd"], entry["area"]) == (1, 100)
    assert "attributes" not in entry
    assert not told


def test_what_a_program_does_not_know_is_told_as_lost(tmp_path):
    words = words_for("globox", "coco")
    _, told = written(tmp_path, ids(1, 2), words, difficult=[True, False], crowd=[False, True])
    assert told == {
        NO_DIFFICULT.format(program="globox"): 1,
        NO_CROWD.format(program="globox"): 1,
    }
