#!/usr/bin/env bash
# faster-coco-eval's precision and recall count every detection in a crowd as an object found.
#
# AP of faster-coco-eval is that of pycocotools: a crowd is a region that counts for nobody, and what
# is detected in it is neither right nor wrong. `extended_metrics`, the precision and recall beside it,
# takes crowds out of the objects but not out of the matches, so detections in a crowd are true
# positives of no object. Recall goes over one, precision is too high, and both are taken at the score
# of the best F1, which is found with these numbers. AP beside them is as ever.
#
# Seen (Python 3.11, NumPy 2.2.6): faster-coco-eval 1.8.0, one ordinary object, found at 0.5 beside a false
# alarm at 0.6; a crowd, with five detections in it at 0.9. AP50 0.5 with the crowd and without it and its
# detections. Precision 0.5 and recall 1 without; 1 and 5 with, at a score where the object is not found.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "faster-coco-eval==1.8.0" "numpy==2.2.6" >/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from faster_coco_eval import COCO, COCOeval_faster

CROWD = [200, 200, 300, 200]
INSIDE = [[210 + 30 * place, 210, 20, 40] for place in range(5)]


def measure(name, objects, found):
    truth = COCO({
        "images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {
                "id": number, "image_id": 1, "category_id": 1, "iscrowd": crowd,
                "bbox": box, "area": box[2] * box[3],
            }
            for number, (box, crowd) in enumerate(objects, 1)
        ],
    })
    results = [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": score} for box, score in found
    ]
    run = COCOeval_faster(
        truth, truth.loadRes(results), "bbox", extra_calc=True, print_function=lambda *_: None
    )
    run.run()
    more = run.extended_metrics
    print(f"{name}: AP50 {run.stats[1]:.2f}, P {more['precision']:.2f}, R {more['recall']:.2f}")


objects = [([0, 0, 50, 50], 0)]
found = [([0, 0, 50, 50], 0.5), ([100, 0, 50, 50], 0.6)]
measure("without crowd", objects, found)
measure("with crowd", [*objects, (CROWD, 1)], [*found, *((box, 0.9) for box in INSIDE)])
PYTHON
)
echo "$seen"
[ "$seen" = "without crowd: AP50 0.50, P 0.50, R 1.00
with crowd: AP50 0.50, P 1.00, R 5.00" ]
