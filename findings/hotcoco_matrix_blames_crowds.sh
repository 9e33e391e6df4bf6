#!/usr/bin/env bash
# hotcoco's confusion matrix counts what is detected in a crowd as false; its other counts do not.
#
# AP of hotcoco is that of pycocotools: detections in a crowd are neither right nor wrong. Its count of
# errors (`tide_errors`) and its table of images (`image_diagnostics`) hold to that. `confusion_matrix`
# of the same run leaves the crowd out of the objects, and then finds nothing under its detections: they
# stand in the row of the background, as false alarms. A good model on pictures of queues and flocks
# looks there as if it made things up.
#
# Seen (Python 3.11, NumPy 2.2.6): hotcoco 1.3.0, an object that is found, one false alarm, a crowd with five
# detections in it. One error of background by tide_errors, one false detection by
# image_diagnostics, six in the matrix.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "hotcoco==1.3.0" "numpy==2.2.6" >/dev/null
seen=$(cd "$folder" && venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

from hotcoco import COCO, COCOeval

objects = [([0, 0, 50, 50], 0), ([200, 200, 300, 200], 1)]
inside = [[210 + 30 * place, 210, 20, 40] for place in range(5)]
found = [([0, 0, 50, 50], 0.9), ([100, 0, 50, 50], 0.6), *((box, 0.8) for box in inside)]
truth = {
    "images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
    "categories": [{"id": 1, "name": "thing"}],
    "annotations": [
        {
            "id": number, "image_id": 1, "category_id": 1, "iscrowd": crowd,
            "bbox": box, "area": box[2] * box[3],
        }
        for number, (box, crowd) in enumerate(objects, 1)
    ],
}
results = [{"image_id": 1, "category_id": 1, "bbox": box, "score": score} for box, score in found]
Path("truth.json").write_text(json.dumps(truth))
Path("results.json").write_text(json.dumps(results))
data = COCO("truth.json")
run = COCOeval(data, data.load_res("results.json"), "bbox")
run.evaluate()
run.accumulate()
print("tide_errors:", run.tide_errors()["counts"]["Bkg"])
print("image_diagnostics:", run.image_diagnostics()["img_summary"][1]["fp"])
print("confusion_matrix:", *run.confusion_matrix()["matrix"].tolist())
PYTHON
)
echo "$seen"
[ "$seen" = "tide_errors: 1
image_diagnostics: 1
confusion_matrix: [1, 0] [6, 0]" ]
