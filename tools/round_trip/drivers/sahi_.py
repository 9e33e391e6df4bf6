import json

from sahi.utils.coco import Coco, CocoAnnotation, CocoCategory, CocoImage
from shared import found, of_xywh, one, row


def _set(scene):
    whole = Coco(image_dir=scene["folder"])
    for number, name in enumerate(scene["classes"], start=1):
        whole.add_category(CocoCategory(id=number, name=name))
    for image in scene["images"]:
        own = CocoImage(image["name"], height=image["height"], width=image["width"])
        for label, x1, y1, x2, y2 in image["objects"]:
            own.add_annotation(
                CocoAnnotation(
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    category_id=label + 1,
                    category_name=scene["classes"][label],
                )
            )
        whole.add_image(own)
    return whole


def write_coco(scene, out):
    (out / "annotations.json").write_text(json.dumps(_set(scene).json))


def write_yolo(scene, out):
    _set(scene).export_as_yolo(str(out), train_split_rate=1.0)


def read_coco(root):
    whole = Coco.from_coco_dict_or_path(str(one(root, "annotations/*.json")))
    boxes = {}
    for image in whole.images:
        rows = [row(t.category_name, of_xywh(*t.bbox), t.iscrowd) for t in image.annotations]
        boxes[image.file_name] = rows
    return found(boxes, [category["name"] for category in whole.json_categories])
