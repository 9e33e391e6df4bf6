#!/usr/bin/env bash
# SAHI's default merging gives a good box the outline of a poor one around it, and keeps the good score.
#
# `get_sliced_prediction` merges by GREEDYNMM where the smaller of two boxes of a class lies by half or
# more in the other ("IOS", 0.5). What comes out is the smallest box around both with the higher score;
# scores weigh nothing. One loose detection at 0.15, which would rank last, takes the place of the tight
# one at 0.95 inside it, and AP loses that object at its best rank. Where the model's threshold is under
# 0.1 SAHI turns to NMS by "IOU" by itself, and warns; from 0.1 on it merges. There match_metric "IOU" or
# type "NMS" keeps the tight box.
#
# Seen (Python 3.11, NumPy 2.2.6): sahi 0.12.8, an object of 100x100 found exactly at 0.95 and loosely, 350x250,
# at 0.15. Out comes one box of 350x250 at 0.95: IoU with the object falls from 1 to 0.11.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    "sahi==0.12.8" "shapely==2.1.2" "numpy==2.2.6" "opencv-python-headless==4.11.0.86" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import inspect

from sahi.postprocess.combine import GreedyNMMPostprocess, NMSPostprocess
from sahi.predict import LOW_MODEL_CONFIDENCE, get_sliced_prediction
from sahi.prediction import ObjectPrediction

asked = inspect.signature(get_sliced_prediction).parameters
print(*(asked[f"postprocess_{name}"].default for name in ("type", "match_metric", "match_threshold")))
print("NMS under", LOW_MODEL_CONFIDENCE)


def merged(how, metric):
    found = [
        ObjectPrediction(bbox=box, score=score, category_id=0, category_name="cell", full_shape=[480, 640])
        for box, score in (([100, 100, 200, 200], 0.95), ([50, 50, 400, 300], 0.15))
    ]
    left = how(match_threshold=0.5, match_metric=metric, class_agnostic=False)(found)
    boxes = ([round(side) for side in one.bbox.to_xyxy()] for one in left)
    print(how.__name__, metric, *(f"{box} {one.score.value}" for box, one in zip(boxes, left)))


merged(GreedyNMMPostprocess, "IOS")
merged(GreedyNMMPostprocess, "IOU")
merged(NMSPostprocess, "IOS")
PYTHON
)
echo "$seen"
[ "$seen" = "GREEDYNMM IOS 0.5
NMS under 0.1
GreedyNMMPostprocess IOS [50, 50, 400, 300] 0.95
GreedyNMMPostprocess IOU [100, 100, 200, 200] 0.95 [50, 50, 400, 300] 0.15
NMSPostprocess IOS [100, 100, 200, 200] 0.95" ]
