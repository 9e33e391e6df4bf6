#!/usr/bin/env bash
# SAHI's filter of objects by area takes out pictures, and keeps no object apart from its picture.
#
# `Coco.get_area_filtered_coco(min=..., max_val=...)` says that it filters annotations by area. It
# keeps a picture only where every object of it is within the bounds; one object out of them takes
# the picture and all its other objects along. A limit that should lose one label in twenty loses
# most pictures of a crowded set. Pictures without an object stay.
#
# Seen (Python 3.11, NumPy 2.2.6, shapely 2.1.2): sahi 0.12.8, three pictures: `one` with 20 objects of
# 50x50 and one of 3x3, `two` with one of 50x50, `none` empty. With min=100, 1 of the 21 objects of 2500
# pixels is left, and `one` is gone.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps "sahi==0.12.8" "shapely==2.1.2" "numpy==2.2.6" "tqdm==4.67.1" >/dev/null
seen=$("$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from sahi.utils.coco import Coco, CocoAnnotation, CocoCategory, CocoImage

data = Coco()
data.add_category(CocoCategory(id=1, name="cell"))
sides = {"one.png": [50] * 20 + [3], "two.png": [50], "none.png": []}
for name, objects in sides.items():
    image = CocoImage(file_name=name, height=480, width=640)
    for place, side in enumerate(objects):
        box = [30 * place, 10, side, side]
        image.add_annotation(CocoAnnotation(bbox=box, category_id=1, category_name="cell"))
    data.add_image(image)
left = data.get_area_filtered_coco(min=100).json
print(*(image["file_name"] for image in left["images"]))
print(*(annotation["area"] for annotation in left["annotations"]))
PYTHON
)
echo "$seen"
[ "$seen" = "two.png none.png
2500" ]
