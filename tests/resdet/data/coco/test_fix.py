"""A corrected copy of COCO data."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.check_boxes import TURNED_BOX
from resdet.data.check_correct import AROUND
from resdet.data.coco.check import check_coco
from resdet.data.coco.fix import fix, fix_coco
from resdet.data.coco.reader import load_coco
from resdet.data.discover import discover
from resdet.structures.coco_form import DRAWN


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def paint(path, seed, size=(40, 60)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    cv2.imwrite(str(path), pixels)


def test_a_copy_of_coco_reads_back_clean(write_coco, turn_by_exif, tmp_path):
    def image(number, name, size=(40, 60)):
        return {"id": number, "file_name": name, "height": size[0], "width": size[1]}

    def thing(number, image_id, bbox):
        mask = {"segmentation": [[1, 2, 3, 4, 5, 6]], "area": bbox[2] * bbox[3], "iscrowd": 0}
        return {"id": number, "image_id": image_id, "category_id": 3, "bbox": bbox, **mask}

    images = [image(1, "a.jpg"), image(1, "b.jpg"), image(2, "c.jpg"), image(3, "d.jpg")]
    things = [
        thing(1, 1, [20, 20, -10, 5]),
        thing(1, 1, [50, 20, 25, 5]),
        thing(2, 2, [10, 5, 20, 10]),
    ]
    things += [thing(3, 3, [0, 0, 5, 5]), thing(4, 9, [0, 0, 5, 5]), thing(5, 1, [1, 1, 0, 9])]
    path, folder = write_coco(images, things, [{"id": 3, "name": "cat"}])
    for number, name in enumerate("abcd"):
        paint(folder / f"{name}.jpg", number)
    turn_by_exif(folder / "c.jpg")
    (folder / "d.jpg").write_bytes(b"")
    before = digests(tmp_path)
    (pair,) = fix_coco([(path, folder)], tmp_path / "out", full=False, say=lambda line: None)
    assert {k: v for k, v in digests(tmp_path).items() if "/out/" not in k} == before
    assert pair == (tmp_path / "out/annotations/coco.json", tmp_path / "out/images/images")
    assert {kind.name for kind in check_coco([pair]).found} == set()
    read = json.loads(pair[0].read_text())
    assert [(i["id"], i["height"], i["width"]) for i in read["images"]] == [
        (1, 40, 60),
        (2, 60, 40),
    ]
    assert [(t["id"], t["bbox"], t["area"]) for t in read["annotations"]] == [
        (1, [10, 20, 10, 5], 50),
        (2, [50, 20, 10, 5], 50),
        (3, [25, 10, 10, 20], 200),
    ]
    assert ["segmentation" in t for t in read["annotations"]] == [True, True, False]


def test_the_box_around_a_turned_object_is_taken(write_coco, tmp_path):
    def thing(number, bbox, angle):
        told = {"attributes": {"rotation": angle, "occluded": True}, "area": bbox[2] * bbox[3]}
        return {"id": number, "image_id": 1, "category_id": 3, "bbox": bbox, **told}

    images = [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}]
    turned = [
        thing(1, [20, 5, 4, 20], 90.0),
        thing(2, [2, 2, 8, 8], -90),
        thing(3, [9, 9, 5, 7], 0),
    ]
    path, folder = write_coco(images, turned, [{"id": 3, "name": "cat"}])
    paint(folder / "a.jpg", 1)
    said = []
    (pair,) = fix_coco([(path, folder)], tmp_path / "out", full=False, say=said.append)
    assert f"fixed: {AROUND}: 2" in said
    read = json.loads(pair[0].read_text())["annotations"]
    assert [(t["bbox"], t["area"]) for t in read] == [
        ([12, 13, 20, 4], 80),
        ([2, 2, 8, 8], 64),
        ([9, 9, 5, 7], 35),
    ]
    assert all(t["attributes"] == {"rotation": 0, "occluded": True} for t in read)
    assert TURNED_BOX not in check_coco([pair]).found


def test_deep_images_of_all_files_are_shifted_alike(write_coco, tmp_path):
    images = [{"id": 1, "file_name": "a.png", "height": 40, "width": 60}]
    path, folder = write_coco(images, [], [{"id": 3, "name": "cat"}])
    (tmp_path / "val").mkdir()
    for place, most in ((folder, 4000), (tmp_path / "val", 1000)):
        deep = np.linspace(0, most, 40 * 60).reshape(40, 60).astype(np.uint16)
        cv2.imwrite(str(place / "a.png"), deep)
    pairs = [(path, folder), (path, tmp_path / "val")]
    copies = fix_coco(pairs, tmp_path / "out", say=lambda line: None)
    assert [cv2.imread(str(place / "a.png"), -1).max() for _, place in copies] == [250, 62]


def test_what_can_be_converted_is_kept(write_coco, tmp_path):
    images = [
        {"id": f"p{n}", "file_name": f"/srv/up/{n}.jpg", "height": "40", "width": 60}
        for n in (4, 8)
    ]
    things = [
        {"id": 0, "image_id": "p4", "category_id": "0", "bbox": ["1", 2, 30, 20], "iscrowd": "0"},
        {"image_id": "p8", "category_id": "0", "segmentation": [[1, 2, 31, 2, 31, 22]]},
    ]
    path, folder = write_coco([], things, [{"id": "0", "name": "cat"}])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"images": images}))
    paint(folder / "4.jpg", 4)
    paint(folder / "8.jpg", 8)
    said = []
    (pair,) = fix_coco([(path, folder)], tmp_path / "out", full=False, say=said.append)
    assert not check_coco([pair]).found
    read = json.loads(pair[0].read_text())
    assert [(i["id"], i["file_name"], i["height"]) for i in read["images"]] == [
        (1, "4.jpg", 40),
        (2, "8.jpg", 40),
    ]
    assert read["categories"] == [{"id": 0, "name": "cat"}]
    assert [(t["id"], t["image_id"], t["category_id"], t["bbox"]) for t in read["annotations"]] == [
        (1, 1, 0, [1, 2, 30, 20]),
        (2, 2, 0, [1, 2, 30, 20]),
    ]
    assert read["annotations"][0]["iscrowd"] == 0
    assert "fixed: images numbered: 2" in said
    assert f"fixed: {DRAWN}: 1" in said


def test_categories_by_text_are_numbered(write_coco, tmp_path):
    images = [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}]
    things = [{"id": 5, "image_id": 1, "category_id": "dog", "bbox": [1, 2, 30, 20]}]
    names = [{"id": name, "name": name} for name in ("cat", "dog")]
    path, folder = write_coco(images, things, names)
    paint(folder / "a.jpg", 1)
    (pair,) = fix_coco([(path, folder)], tmp_path / "out", full=False, say=lambda line: None)
    assert load_coco(*pair).records[0].ground_truth.labels.tolist() == [1]


def test_a_copy_that_lost_every_object_is_none(write_coco, tmp_path):
    images = [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}]
    things = [{"id": 1, "image_id": 1, "category_id": 3, "bbox": None}]
    path, folder = write_coco(images, things, [{"id": 3, "name": "cat"}])
    paint(folder / "a.jpg", 1)
    with pytest.raises(
        ValueError, match="an object that can be kept in .*coco.json, got none of 1"
    ):
        fix_coco([(path, folder)], tmp_path / "out", full=False)
    assert not (tmp_path / "out").exists()


def test_a_relative_folder_is_found_again(write_coco, tmp_path, monkeypatch, lay):
    lay.cvat(tmp_path / "set", 2)
    monkeypatch.chdir(tmp_path)
    fixed = fix(discover(tmp_path / "set"), [], Path("out"), full=False, say=lambda line: None)
    assert len(fixed.load("all")) == 2
