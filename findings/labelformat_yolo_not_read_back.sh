#!/usr/bin/env bash
# labelformat cannot read the YOLO folder that it made of a COCO file.
#
# It writes COCO's category ids as YOLO's class numbers and as the keys of `names` in data.yaml, with
# `nc` as their number. COCO's ids begin at 1, or have gaps, as those of COCO itself (90 for 80); its
# reader counts the classes from 0 to nc - 1. Of ids that begin at 0 both are right.
#
# Seen (Python 3.11, NumPy 2.2.6, pydantic 2.12.5): labelformat 0.1.17, categories 1 and 2: names {1, 2},
# labels 1 and 2, and its own reader ends in KeyError 0. Categories 0 and 1: both classes read.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    "labelformat==0.1.17" "numpy==2.2.6" "pydantic==2.12.5" >/dev/null
seen=$(cd "$folder" && venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

from labelformat.formats import (
    COCOObjectDetectionInput,
    YOLOv8ObjectDetectionInput,
    YOLOv8ObjectDetectionOutput,
)

for first in (1, 0):
    data = {
        "images": [{"id": 1, "file_name": "a.png", "width": 320, "height": 240}],
        "categories": [{"id": first, "name": "cat"}, {"id": first + 1, "name": "dog"}],
        "annotations": [
            {"id": 1 + n, "image_id": 1, "category_id": first + n, "bbox": [10, 10, 50, 50]} for n in (0, 1)
        ],
    }
    folder = Path(f"from_{first}")
    folder.mkdir()
    (folder / "given.json").write_text(json.dumps(data))
    YOLOv8ObjectDetectionOutput(output_file=folder / "data.yaml", output_split="train").save(
        label_input=COCOObjectDetectionInput(input_file=folder / "given.json")
    )
    labels = [line.split()[0] for line in (folder / "labels/a.txt").read_text().splitlines()]
    reader = YOLOv8ObjectDetectionInput(input_file=folder / "data.yaml", input_split="train")
    try:
        classes = ",".join(category.name for category in reader.get_categories())
    except KeyError as error:
        classes = f"KeyError {error}"
    print(f"labels {','.join(labels)}: {classes}")
PYTHON
)
echo "$seen"
[ "$seen" = "labels 1,2: KeyError 0
labels 0,1: cat,dog" ]
