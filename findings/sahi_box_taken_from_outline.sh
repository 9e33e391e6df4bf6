#!/usr/bin/env bash
# SAHI puts the hull of the outline in the place of COCO's box, and writes that one.
#
# In COCO `bbox` and `segmentation` are two fields, and in sets labelled through occlusion they differ
# on purpose: the box is of the whole object, the outline of what can be seen. SAHI reads `bbox` only
# of annotations without an outline; the others get the hull of theirs, so that reading a file and
# writing it makes the box smaller without a word.
#
# Seen (Python 3.11, NumPy 2.2.6, shapely 2.1.2): sahi 0.12.8, bbox [100, 100, 200, 100] with an outline of
# its left quarter comes out as [100, 100, 50, 100], area 20000 as 5000; the same box without an outline as
# it was.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "sahi==0.12.8" "shapely==2.1.2" "numpy==2.2.6" "tqdm==4.67.1" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from sahi.utils.coco import Coco

common = {"image_id": 1, "category_id": 1, "bbox": [100, 100, 200, 100], "area": 20000, "iscrowd": 0}
seen_part = [[100, 100, 150, 100, 150, 200, 100, 200]]
data = {
    "images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
    "categories": [{"id": 1, "name": "car"}],
    "annotations": [
        {"id": 1, **common, "segmentation": seen_part},
        {"id": 2, **common, "segmentation": []},
    ],
}
for annotation in Coco.from_coco_dict_or_path(data).json["annotations"]:
    print(*(round(value) for value in annotation["bbox"]), round(annotation["area"]))
PYTHON
)
echo "$seen"
[ "$seen" = "100 100 50 100 5000
100 100 200 100 20000" ]
