"""What several drivers do: where our folders keep what, and the scene in COCO's form."""

import json


def one(root, pattern):
    """The only path of a pattern."""
    (found,) = sorted(root.glob(pattern))
    return found


def found(boxes, classes=None):
    """{name of an image: [[class, x1, y1, x2, y2, whether it may be ignored or None], ...]}."""
    return {"images": {key.rpartition("/")[2]: value for key, value in boxes.items()}} | (
        {} if classes is None else {"classes": list(classes)}
    )


def row(name, corners, ignored=None):
    flag = None if ignored is None else bool(ignored)
    return [str(name), *(float(value) for value in corners), flag]


def of_xywh(x, y, width, height):
    return [x, y, x + width, y + height]


def coco_of(scene):
    """The scene as COCO has it, of ids from 1."""
    images, things = [], []
    for number, image in enumerate(scene["images"], start=1):
        own = {key: image[key] for key in ("width", "height")}
        images.append({"id": number, "file_name": image["name"], **own})
        for label, x1, y1, x2, y2 in image["objects"]:
            box = [x1, y1, x2 - x1, y2 - y1]
            things.append(
                {"id": len(things) + 1, "image_id": number, "category_id": label + 1, "bbox": box}
                | {"area": box[2] * box[3], "iscrowd": 0, "segmentation": []}
            )
    categories = [{"id": n, "name": name} for n, name in enumerate(scene["classes"], start=1)]
    return {"images": images, "annotations": things, "categories": categories}


def saved_coco(scene, folder):
    """`coco_of` in a file."""
    file = folder / "scene.json"
    file.write_text(json.dumps(coco_of(scene)))
    return file
