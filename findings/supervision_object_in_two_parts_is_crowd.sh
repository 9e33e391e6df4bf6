#!/usr/bin/env bash
# supervision writes an object in two parts as a crowd, and COCO's rule then forgives missing it.
#
# A mask with a hole or of several parts, a car behind a pole say, is written by `as_coco` as RLE with
# iscrowd 1; one that is whole as polygons with 0. RLE needs no crowd, and a polygon list holds parts.
# To pycocotools a crowd is a region that counts for nobody: of a set of cut objects none is asked for,
# and a model that misses them all loses nothing. An `iscrowd` in the detections' data is kept as it is;
# masks that come from a model have none.
#
# Seen (Python 3.11, NumPy 2.2.6): supervision 0.31.2, one whole object and one in two parts, iscrowd 0 and 1;
# a model that finds only the whole one has AP 1.00 by pycocotools 2.0.11. With the flag put back to 0
# AP is 0.50.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    "supervision==0.31.2" "pycocotools==2.0.11" "numpy==2.2.6" "opencv-python-headless==4.11.0.86" >/dev/null
seen=$(cd "$folder" && venv/bin/python - 2>/dev/null <<'PYTHON'
import contextlib
import io
import json
from pathlib import Path

import numpy as np
import supervision as sv
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

Path("images").mkdir()
Image.new("RGB", (320, 240)).save("images/a.png")
masks = np.zeros((2, 240, 320), bool)
masks[0, 20:80, 20:120] = True
masks[1, 120:200, 20:200] = True
masks[1, :, 100:110] = False
objects = sv.Detections(xyxy=sv.mask_to_xyxy(masks), mask=masks, class_id=np.array([0, 0]))
data = sv.DetectionDataset(classes=["car"], images=["images/a.png"], annotations={"images/a.png": objects})
data.as_coco(annotations_path="coco.json")
written = json.loads(Path("coco.json").read_text())
print("iscrowd:", *(annotation["iscrowd"] for annotation in written["annotations"]))


def precision():
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO("coco.json")
        whole = written["annotations"][0]
        found = {key: whole[key] for key in ("image_id", "category_id", "bbox")}
        run = COCOeval(truth, truth.loadRes([{**found, "score": 0.9}]), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return f"{run.stats[0]:.2f}"


print("AP as written:", precision())
for annotation in written["annotations"]:
    annotation["iscrowd"] = 0
Path("coco.json").write_text(json.dumps(written))
print("AP without the flag:", precision())
PYTHON
)
echo "$seen"
[ "$seen" = "iscrowd: 0 1
AP as written: 1.00
AP without the flag: 0.50" ]
