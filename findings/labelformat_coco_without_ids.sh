#!/usr/bin/env bash
# A COCO file of boxes that labelformat wrote cannot be opened by pycocotools.
#
# labelformat writes of every object image_id, category_id and bbox, and neither id, area nor iscrowd,
# though it was given them: COCO to COCO loses what it read. Its own reader asks for no more, so that
# the loss is met at the first evaluation.
#
# Seen (Python 3.11, NumPy 2.2.6, pydantic 2.12.5): labelformat 0.1.17 writes objects of the keys bbox,
# category_id, image_id; pycocotools 2.0.11 on that file: KeyError 'id'. With ids put in by hand the
# evaluation ends in KeyError 'iscrowd'.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    "labelformat==0.1.17" "pycocotools==2.0.11" "numpy==2.2.6" "pydantic==2.12.5" >/dev/null
seen=$(cd "$folder" && venv/bin/python - <<'PYTHON'
import contextlib
import io
import json
from pathlib import Path

from labelformat.formats import COCOObjectDetectionInput, COCOObjectDetectionOutput
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

objects = [
    {"id": 7, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "area": 1963.5, "iscrowd": 0},
    {"id": 9, "image_id": 1, "category_id": 1, "bbox": [90, 10, 80, 50], "area": 4000, "iscrowd": 1},
]
data = {
    "images": [{"id": 1, "file_name": "a.png", "width": 320, "height": 240}],
    "categories": [{"id": 1, "name": "cell"}],
    "annotations": objects,
}
Path("given.json").write_text(json.dumps(data))
COCOObjectDetectionOutput(output_file=Path("written.json")).save(
    label_input=COCOObjectDetectionInput(input_file=Path("given.json"))
)
written = json.loads(Path("written.json").read_text())
print(*(",".join(sorted(annotation)) for annotation in written["annotations"]))


def outcome(call):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            call()
        except KeyError as error:
            return f"KeyError {error}"
    return "no error"


def evaluate():
    for number, annotation in enumerate(written["annotations"], 1):
        annotation["id"] = number
    truth = COCO()
    truth.dataset = written
    truth.createIndex()
    found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "score": 0.9}])
    COCOeval(truth, found, "bbox").evaluate()


print("opened:", outcome(lambda: COCO("written.json")))
print("with ids, evaluated:", outcome(evaluate))
PYTHON
)
echo "$seen"
[ "$seen" = "bbox,category_id,image_id bbox,category_id,image_id
opened: KeyError 'id'
with ids, evaluated: KeyError 'iscrowd'" ]
