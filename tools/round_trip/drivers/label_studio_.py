import json
import shutil
from pathlib import Path

from label_studio_sdk.converter.converter import Converter
from label_studio_sdk.converter.imports.coco import convert_coco_to_ls
from shared import found, one, row


def _task(scene, number, image):
    width, height = image["width"], image["height"]
    result = []
    for label, x1, y1, x2, y2 in image["objects"]:
        value = {
            "x": 100 * x1 / width,
            "y": 100 * y1 / height,
            "width": 100 * (x2 - x1) / width,
            "height": 100 * (y2 - y1) / height,
            "rotation": 0,
            "rectanglelabels": [scene["classes"][label]],
        }
        result.append(
            {"from_name": "label", "to_name": "image", "type": "rectanglelabels", "value": value}
            | {"original_width": width, "original_height": height, "id": f"{number}{len(result)}"}
        )
    return {
        "id": number,
        "data": {"image": f"images/{image['name']}"},
        "annotations": [{"id": number, "result": result, "was_cancelled": False}],
    }


def _write(scene, out, form):
    shutil.copytree(scene["folder"], out / "images")
    file = out / "tasks.json"
    tasks = [_task(scene, number, image) for number, image in enumerate(scene["images"], start=1)]
    file.write_text(json.dumps(tasks))
    names = "".join(f'<Label value="{name}"/>' for name in scene["classes"])
    config = (
        f'<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        f"{names}</RectangleLabels></View>"
    )
    converter = Converter(config, str(out), download_resources=False)
    getattr(converter, f"convert_to_{form}")(
        str(file), str(out), output_image_dir=str(out / "images"), is_dir=False
    )
    file.unlink()


def write_voc(scene, out):
    _write(scene, out, "voc")


def write_coco(scene, out):
    _write(scene, out, "coco")


def write_yolo(scene, out):
    _write(scene, out, "yolo")


def read_coco(root):
    out = root / "tasks.json"
    convert_coco_to_ls(str(one(root, "annotations/*.json")), str(out))
    boxes = {}
    for task in json.loads(out.read_text()):
        rows = []
        for thing in task["annotations"][0]["result"]:
            value, size = thing["value"], (thing["original_width"], thing["original_height"])
            low = [value[key] * side / 100 for key, side in zip("xy", size)]
            sides = [value[key] * side / 100 for key, side in zip(("width", "height"), size)]
            high = [a + b for a, b in zip(low, sides)]
            rows.append(row(value["rectanglelabels"][0], (*low, *high)))
        boxes[Path(task["data"]["image"]).name.rpartition("=")[2]] = rows
    return found(boxes)
