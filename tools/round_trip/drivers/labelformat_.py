from pathlib import Path

from labelformat.formats import (
    COCOObjectDetectionInput,
    COCOObjectDetectionOutput,
    PascalVOCObjectDetectionInput,
    PascalVOCObjectDetectionOutput,
    YOLOv8ObjectDetectionInput,
    YOLOv8ObjectDetectionOutput,
)
from shared import found, one, row, saved_coco


def _save(scene, out, output):
    output.save(label_input=COCOObjectDetectionInput(input_file=saved_coco(scene, out)))
    (out / "scene.json").unlink()


def write_voc(scene, out):
    _save(scene, out, PascalVOCObjectDetectionOutput(output_folder=out / "Annotations"))


def write_coco(scene, out):
    _save(scene, out, COCOObjectDetectionOutput(output_file=out / "annotations.json"))


def write_yolo(scene, out):
    _save(
        scene,
        out,
        YOLOv8ObjectDetectionOutput(output_file=out / "data.yaml", output_split="train"),
    )


def _found(given):
    boxes = {}
    for label in given.get_labels():
        rows = [row(thing.category.name, _corners(thing.box)) for thing in label.objects]
        boxes[Path(label.image.filename).name] = rows
    return found(boxes, [category.name for category in given.get_categories()])


def _corners(box):
    return box.xmin, box.ymin, box.xmax, box.ymax


def read_voc(root):
    names = ",".join((root / "classes.txt").read_text().splitlines())
    return _found(PascalVOCObjectDetectionInput(root / "Annotations", names))


def read_coco(root):
    return _found(COCOObjectDetectionInput(one(root, "annotations/*.json")))


def read_yolo(root):
    return _found(YOLOv8ObjectDetectionInput(root / "data.yaml", "train"))
