#!/usr/bin/env bash
# A rotated rectangle of Label Studio is at three places in four of its exports.
#
# Its exporter of COCO turns the rectangle in percents of width and of height, as if these were equal,
# and writes the hull: right on square pictures alone. Its exporters of YOLO and of Pascal VOC leave
# the turn out, and so write a box that begins at the corner that was turned. YOLO with oriented boxes
# turns in pixels and is right. None of them says anything.
#
# Seen (Python 3.11, NumPy 2.2.6): label-studio-sdk 2.1.2, picture 1000x500, a rectangle of 200x100 at
# (200, 100), turned by 90 degrees, so that it fills the corners 100 100 200 300. COCO: 0 100 200 200.
# YOLO and VOC: 200 100 400 200. YOLO_OBB: 100 100 200 300. IoU with what was drawn: 0.33, 0, 0, 1.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
install() {
    python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
        "$@" >/dev/null
}
install --no-deps "label-studio-sdk==2.1.2"
install "appdirs==1.4.4" "ijson==3.6.0" "lxml==6.1.3" "nltk==3.10.4" "numpy==2.2.6" "pillow==12.3.0" \
    "pyjwt==2.13.0" "requests==2.34.2" "ujson==6.1.0"
seen=$(cd "$folder" && venv/bin/python - 2>/dev/null <<'PYTHON'
import json
import xml.etree.ElementTree as ET
from pathlib import Path

from label_studio_sdk.converter import Converter
from PIL import Image

width, height = 1000, 500
config = """<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">
<Label value="ship"/></RectangleLabels></View>"""
place = {"x": 20, "y": 20, "width": 20, "height": 20, "rotation": 90, "rectanglelabels": ["ship"]}
result = {
    "id": "r", "type": "rectanglelabels", "from_name": "label", "to_name": "image", "value": place,
    "original_width": width, "original_height": height, "image_rotation": 0,
}
picture = Path("a.png").resolve()
Image.new("RGB", (width, height)).save(picture)
drawn = {"id": 1, "completed_by": 1, "result": [result]}
task = {"id": 1, "data": {"image": str(picture)}, "annotations": [drawn]}
Path("tasks.json").write_text(json.dumps([task]))
converter = Converter(config, ".", download_resources=False)
for form in ("COCO", "YOLO", "VOC", "YOLO_OBB"):
    converter.convert("tasks.json", form, form, is_dir=False)

x, y, w, h = json.loads(Path("COCO/result.json").read_text())["annotations"][0]["bbox"]
boxes = {"COCO": (x, y, x + w, y + h)}
_, cx, cy, w, h = map(float, Path("YOLO/labels/a.txt").read_text().split())
boxes["YOLO"] = ((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
corners = ET.parse("VOC/Annotations/a.xml").find("object/bndbox")
boxes["VOC"] = [float(corners.findtext(name)) for name in ("xmin", "ymin", "xmax", "ymax")]
_, *points = map(float, Path("YOLO_OBB/labels/a.txt").read_text().split())
xs, ys = [v * width for v in points[::2]], [v * height for v in points[1::2]]
boxes["YOLO_OBB"] = (min(xs), min(ys), max(xs), max(ys))
for form, box in boxes.items():
    print(form, *(round(value) for value in box))
PYTHON
)
echo "$seen"
[ "$seen" = "COCO 0 100 200 200
YOLO 200 100 400 200
VOC 200 100 400 200
YOLO_OBB 100 100 200 300" ]
