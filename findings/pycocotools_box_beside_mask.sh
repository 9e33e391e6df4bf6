#!/usr/bin/env bash
# pycocotools takes a mask for large or small by the box beside it, if there is one.
#
# In a results file of masks a `bbox` is optional. Where the first result has one, `loadRes` sets the
# area of every result to that of its box, for `iouType="segm"` too; without, to that of its mask.
# The area says which unmatched results count for AP small, medium and large. So two tools that write
# the same masks and scores get other AP by size, by a field that the rule for masks does not name.
# AP over all sizes is the same, and the truth is always sorted by its own `area`.
#
# Seen (Python 3.11, NumPy 2.2.6): pycocotools 2.0.11. Truth: a square of 20x20. Results: that square, and
# with a higher score a thin slanting line in 150x150. AP small of masks is 0.5 without boxes, 1.0 with
# them; AP is 0.5 in both.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "pycocotools==2.0.11" "numpy==2.2.6" >/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import io

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

square = np.zeros((240, 320), np.uint8, order="F")
square[10:30, 10:30] = 1
line = np.zeros((240, 320), np.uint8, order="F")
line[np.arange(60, 210), np.arange(100, 250)] = 1

truth = COCO()
truth.dataset = {
    "images": [{"id": 1, "file_name": "a.png", "width": 320, "height": 240}],
    "categories": [{"id": 1, "name": "thing"}],
    "annotations": [
        {
            "id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 400,
            "bbox": [10, 10, 20, 20], "segmentation": mask.encode(square),
        }
    ],
}


def scores(with_boxes):
    results = [
        {"image_id": 1, "category_id": 1, "score": score, "segmentation": mask.encode(found)}
        for found, score in ((line, 0.9), (square, 0.5))
    ]
    for result in results if with_boxes else []:
        result["bbox"] = mask.toBbox(result["segmentation"]).tolist()
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(results), "segm")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return f"AP {run.stats[0]:.2f}, small {run.stats[3]:.2f}"


print("masks:", scores(False))
print("masks and boxes:", scores(True))
PYTHON
)
echo "$seen"
[ "$seen" = "masks: AP 0.50, small 0.50
masks and boxes: AP 0.50, small 1.00" ]
