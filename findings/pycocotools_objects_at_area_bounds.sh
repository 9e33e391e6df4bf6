#!/usr/bin/env bash
# pycocotools counts an object of 32x32 pixels in two sizes when it scores, in none when it is asked.
#
# `COCOeval` takes both ends of a range of areas in: an object of 1024 pixels is asked for in AP small
# and in AP medium. `COCO.getAnnIds(areaRng=...)` of the same package leaves both ends out. Counts of
# small, medium and large objects by the ranges of COCOeval itself miss these objects, though they are
# scored twice, and neither set of counts adds up to the number of objects.
#
# Seen (Python 3.11, NumPy 2.2.6): pycocotools 2.0.11, squares of 10, 32, 64, 96 and 128. By getAnnIds one
# small, one medium, one large; by COCOeval two, three and two.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "pycocotools==2.0.11" "numpy==2.2.6" >/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import io

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

truth = COCO()
truth.dataset = {
    "images": [{"id": 1, "file_name": "a.png", "width": 800, "height": 200}],
    "categories": [{"id": 1, "name": "thing"}],
    "annotations": [
        {
            "id": 1 + place, "image_id": 1, "category_id": 1, "iscrowd": 0,
            "bbox": [150 * place, 10, side, side], "area": side * side,
        }
        for place, side in enumerate((10, 32, 64, 96, 128))
    ],
}
with contextlib.redirect_stdout(io.StringIO()):
    truth.createIndex()
    found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": [0, 10, 10, 10], "score": 0.9}])
    run = COCOeval(truth, found, "bbox")
    run.evaluate()
names, bounds = run.params.areaRngLbl[1:], run.params.areaRng[1:]
print("getAnnIds:", *(f"{name} {len(truth.getAnnIds(areaRng=of))}" for name, of in zip(names, bounds)))
asked = [sum(not ignored for ignored in image["gtIgnore"]) for image in run.evalImgs[1:]]
print("COCOeval:", *(f"{name} {count}" for name, count in zip(names, asked)))
PYTHON
)
echo "$seen"
[ "$seen" = "getAnnIds: small 1 medium 1 large 1
COCOeval: small 2 medium 3 large 2" ]
