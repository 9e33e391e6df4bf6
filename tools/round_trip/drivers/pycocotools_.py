from pycocotools.coco import COCO
from shared import found, of_xywh, one, row


def read_coco(root):
    data = COCO(str(one(root, "annotations/*.json")))
    names = {key: value["name"] for key, value in data.cats.items()}
    boxes = {}
    for number, image in data.imgs.items():
        rows = []
        for thing in data.imgToAnns[number]:
            ignored = thing["iscrowd"] or thing["area"] < 0  # as COCOeval has it
            rows.append(row(names[thing["category_id"]], of_xywh(*thing["bbox"]), ignored))
        boxes[image["file_name"]] = rows
    return found(boxes, names.values())
