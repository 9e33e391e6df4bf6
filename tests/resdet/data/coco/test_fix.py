"""A corrected copy of COCO data."""

import hashlib
import json

import cv2
import numpy as np

from resdet.data.check_boxes import TURNED_BOX
from resdet.data.check_correct import AROUND
from resdet.data.coco.check import check_coco
from resdet.data.coco.fix import fix_coco


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
