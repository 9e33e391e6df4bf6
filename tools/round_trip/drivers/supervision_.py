import numpy as np
import supervision as sv
from shared import found, one, row


def _set(scene):
    images = {f"{scene['folder']}/{image['name']}": image["objects"] for image in scene["images"]}
    known = {}
    for path, objects in images.items():
        rows = np.array(objects, float).reshape(-1, 5)
        known[path] = sv.Detections(xyxy=rows[:, 1:], class_id=rows[:, 0].astype(int))
    return sv.DetectionDataset(classes=scene["classes"], images=list(images), annotations=known)


def write_voc(scene, out):
    _set(scene).as_pascal_voc(str(out / "images"), str(out / "annotations"))


def write_coco(scene, out):
    _set(scene).as_coco(str(out / "images"), str(out / "annotations.json"))


def write_yolo(scene, out):
    _set(scene).as_yolo(str(out / "images"), str(out / "labels"), str(out / "data.yaml"))


def _found(data):
    boxes = {}
    for path, _, known in data:
        flags = known.data.get("iscrowd", [None] * len(known))
        rows = zip(known.class_id, known.xyxy, flags)
        boxes[path] = [row(data.classes[label], corners, flag) for label, corners, flag in rows]
    return found(boxes, data.classes)


def read_voc(root):
    parts = str(root / "JPEGImages"), str(root / "Annotations")
    return _found(sv.DetectionDataset.from_pascal_voc(*parts))


def read_coco(root):
    file = one(root, "annotations/*.json")
    return _found(sv.DetectionDataset.from_coco(str(root / "images"), str(file)))


def read_yolo(root):
    parts = [str(one(root, f"{part}/*")) for part in ("images", "labels")]
    return _found(sv.DetectionDataset.from_yolo(*parts, str(root / "data.yaml")))
