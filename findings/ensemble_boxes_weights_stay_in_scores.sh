#!/usr/bin/env bash
# ensemble-boxes' nms with weights writes the weighted scores into the caller's lists.
#
# `nms` with `weights` puts every model's scores times its weight in the place of the list that was
# passed. Who tries several thresholds on the same predictions, the usual search, weights them anew in
# each trial: scores shrink, and those of the weaker model shrink faster. What a trial gives depends on
# how many went before it, and the predictions at hand have the last scores. `weighted_boxes_fusion` of
# the same package leaves the lists alone.
#
# Seen (Python 3.11, NumPy 2.2.6, numba 0.61.2): ensemble-boxes 1.0.9, two models with weights 2 and 1, one
# box each at 0.75 and 0.9. First call 0.5 and 0.3, third call of the same lists 0.222 and 0.033; the
# caller's lists then hold these.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "ensemble-boxes==1.0.9" "numpy==2.2.6" "numba==0.61.2" "llvmlite==0.44.0" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from ensemble_boxes import nms, weighted_boxes_fusion

boxes = [[[0.1, 0.1, 0.5, 0.5]], [[0.6, 0.6, 0.9, 0.9]]]
scores = [[0.75], [0.9]]
labels = [[0], [0]]


def say(name):
    print(name, *(f"{float(score):.3f}" for model in scores for score in model))


weighted_boxes_fusion(boxes, scores, labels, weights=[2, 1])
say("after fusion:")
for trial in (0.3, 0.5, 0.7):
    found = nms(boxes, scores, labels, iou_thr=trial, weights=[2, 1])[1]
    print(f"nms at {trial}:", *(f"{score:.3f}" for score in found))
say("after nms:")
PYTHON
)
echo "$seen"
[ "$seen" = "after fusion: 0.750 0.900
nms at 0.3: 0.500 0.300
nms at 0.5: 0.333 0.100
nms at 0.7: 0.222 0.033
after nms: 0.222 0.033" ]
