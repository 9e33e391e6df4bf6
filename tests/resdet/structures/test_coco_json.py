"""COCO-form JSON by hand."""

from pathlib import Path

import numpy as np

from resdet.structures.coco_json import coco_json, object_entries
from resdet.structures.records import ImageRecord

RECORD = ImageRecord(7, Path("a.jpg"), 40, 60)


def test_a_file_names_images_and_categories_and_objects_if_any_are_known():
    content = coco_json("mine", [(7, "in/a.jpg", RECORD)], None, (1, 5), ("cat", "dog"))
    assert content == {
        "info": {"description": "mine"},
        "images": [{"id": 7, "file_name": "in/a.jpg", "height": 40, "width": 60}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}],
    }
    assert coco_json("", [], [], (), ())["annotations"] == []


def test_objects_are_numbered_and_plain():
    entries = object_entries(
        np.array([7, 7]),
        np.array([5, 1]),
        np.array([[1.0, 2, 3, 4], [0, 0, 2, 2]]),
        np.array([12.0, 4]),
        np.array([False, True]),
    )
    first = {"id": 1, "image_id": 7, "category_id": 5, "bbox": [1, 2, 3, 4], "area": 12}
    assert entries[0] == {**first, "iscrowd": 0}
    assert (entries[1]["id"], entries[1]["iscrowd"], type(entries[1]["area"])) == (2, 1, float)
