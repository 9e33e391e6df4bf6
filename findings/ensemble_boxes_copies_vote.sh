#!/usr/bin/env bash
# Weighted boxes fusion takes the copies of one model for the votes of several.
#
# WBF lowers the score of a box that few of the models found: one of three leaves a third of it. The
# package counts boxes, not models, so a model that gives three near boxes of an object, as one does
# whose own suppression is loose or that looks at several scales, is believed as if three models
# agreed. A false alarm with copies then outranks what two models found. `conf_type`
# "box_and_model_avg" counts models; the default "avg" and "absent_model_aware_avg" do not.
#
# Seen (Python 3.11, NumPy 2.2.6, numba 0.61.2): ensemble-boxes 1.0.9, three models, all boxes at 0.9. Found
# by one model: 0.3. By one model thrice: 0.9, as by three models. By two models: 0.6.
# "box_and_model_avg" gives one model with copies 0.3, "absent_model_aware_avg" 0.54.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "ensemble-boxes==1.0.9" "numpy==2.2.6" "numba==0.61.2" "llvmlite==0.44.0" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from ensemble_boxes import weighted_boxes_fusion

BOX, NEAR, NEARER = [0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.49], [0.1, 0.1, 0.5, 0.495]


def fused(models, conf_type="avg"):
    scores = [[0.9] * len(boxes) for boxes in models]
    labels = [[0] * len(boxes) for boxes in models]
    found = weighted_boxes_fusion(models, scores, labels, conf_type=conf_type)[1]
    return " ".join(f"{score:.2f}" for score in found)


copies = [[BOX, NEAR, NEARER], [], []]
print("one model:", fused([[BOX], [], []]))
print("two models:", fused([[BOX], [NEAR], []]))
print("three models:", fused([[BOX], [NEAR], [NEARER]]))
for conf_type in ("avg", "absent_model_aware_avg", "box_and_model_avg"):
    print(f"one model thrice, {conf_type}:", fused(copies, conf_type))
PYTHON
)
echo "$seen"
[ "$seen" = "one model: 0.30
two models: 0.60
three models: 0.90
one model thrice, avg: 0.90
one model thrice, absent_model_aware_avg: 0.54
one model thrice, box_and_model_avg: 0.30" ]
