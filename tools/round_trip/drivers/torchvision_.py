import shutil

from shared import found, of_xywh, one, row
from torchvision.datasets import CocoDetection, VOCDetection


def read_voc(root):
    """As its strings say, which count as the devkit does."""
    base = root / "VOCdevkit"
    base.mkdir()
    for part in ("Annotations", "ImageSets", "JPEGImages"):
        shutil.copytree(root / part, base / "VOC2012" / part)
    boxes = {}
    for _, told in VOCDetection(str(root), year="2012", image_set="train"):
        one_of = told["annotation"]
        rows = []
        for thing in one_of["object"]:
            x1, y1, x2, y2 = (
                float(thing["bndbox"][tag]) for tag in ("xmin", "ymin", "xmax", "ymax")
            )
            rows.append(row(thing["name"], (x1 - 1, y1 - 1, x2, y2), int(thing["difficult"])))
        boxes[one_of["filename"]] = rows
    shutil.rmtree(base)
    return found(boxes)


def read_coco(root):
    data = CocoDetection(str(root / "images"), str(one(root, "annotations/*.json")))
    names = {key: value["name"] for key, value in data.coco.cats.items()}
    boxes = {}
    for number, (_, things) in zip(data.ids, data):
        rows = [
            row(names[t["category_id"]], of_xywh(*t["bbox"]), t["iscrowd"] or t["area"] < 0)
            for t in things
        ]
        boxes[data.coco.imgs[number]["file_name"]] = rows
    return found(boxes, names.values())
