"""A corrected copy of COCO data."""

import hashlib
import json

import cv2
import numpy as np

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
