from globox import Annotation, AnnotationSet, BoundingBox
from shared import found, one, row


def _set(scene):
    whole = AnnotationSet()
    for image in scene["images"]:
        boxes = [
            BoundingBox(label=scene["classes"][label], xmin=x1, ymin=y1, xmax=x2, ymax=y2)
            for label, x1, y1, x2, y2 in image["objects"]
        ]
        size = image["width"], image["height"]
        whole.add(Annotation(image["name"], image_size=size, boxes=boxes))
    return whole


def write_voc(scene, out):
    (out / "Annotations").mkdir()
    _set(scene).save_pascal_voc(out / "Annotations")


def write_coco(scene, out):
    _set(scene).save_coco(out / "annotations.json", auto_ids=True)


def write_yolo(scene, out):
    (out / "labels").mkdir()
    numbers = {name: number for number, name in enumerate(scene["classes"])}
    _set(scene).save_yolo_darknet(out / "labels", label_to_id=numbers)


def _found(whole, names=None):
    boxes = {}
    for one_of in whole:
        rows = []
        for thing in one_of.boxes:
            name = thing.label if names is None else names[int(thing.label)]
            rows.append(row(name, (thing.xmin, thing.ymin, thing.xmax, thing.ymax)))
        boxes[one_of.image_id] = rows
    return found(boxes)


def read_voc(root):
    return _found(AnnotationSet.from_pascal_voc(root / "Annotations"))


def read_coco(root):
    return _found(AnnotationSet.from_coco(one(root, "annotations/*.json")))


def read_yolo(root):
    import yaml

    names = yaml.safe_load((root / "data.yaml").read_text())["names"]
    images = one(root, "images/*")
    return _found(
        AnnotationSet.from_yolo_darknet(one(root, "labels/*"), image_folder=images), names
    )
