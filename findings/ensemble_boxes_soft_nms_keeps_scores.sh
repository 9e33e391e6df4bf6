#!/usr/bin/env bash
# ensemble-boxes' Soft-NMS gives back the scores that went in, not those that it has lowered.
#
# Soft-NMS keeps a box that overlaps a better one, at a lower score; the score is all that it changes.
# `soft_nms` lowers the scores of a copy, asks the copy which boxes are over `thresh`, and returns these
# with their first scores. With the default `thresh` of 0.001 hardly a box falls, so the copies of an
# object stay at full score, as if nothing had been run; where none falls, AP is that of no suppression.
# Only the order of the rows tells that something was done.
#
# Seen (Python 3.11, NumPy 2.2.6, numba 0.61.2): ensemble-boxes 1.0.9, boxes at 0.9, 0.8 and 0.7, the first
# two of the same object (IoU 0.95). Linear Soft-NMS should give the second 0.04, the Gaussian one 0.13;
# both give 0.9, 0.7, 0.8. Plain `nms` drops it.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "ensemble-boxes==1.0.9" "numpy==2.2.6" "numba==0.61.2" "llvmlite==0.44.0" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from ensemble_boxes import nms, soft_nms

boxes = [[[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.48], [0.6, 0.6, 0.9, 0.9]]]
scores = [[0.9, 0.8, 0.7]]
labels = [[0, 0, 0]]
print("linear:", *soft_nms(boxes, scores, labels, method=1, iou_thr=0.5)[1])
print("gaussian:", *soft_nms(boxes, scores, labels, method=2, sigma=0.5)[1])
print("nms:", *nms(boxes, scores, labels, iou_thr=0.5)[1])
PYTHON
)
echo "$seen"
[ "$seen" = "linear: 0.9 0.7 0.8
gaussian: 0.9 0.7 0.8
nms: 0.9 0.7" ]
