#!/usr/bin/env bash
# albumentations 2.0.1 clips the class numbers of boxes as if they were coordinates.
#
# Boxes may be an array (N, 5): corners, then a class number. With `clip=True` boxes are cut at the
# border of the image, in units in which its sides are 1. In 2.0.1 the column behind the corners is
# cut with them: every class above 1 comes back as 1, and nothing says so. 2.0.2 leaves it alone.
#
# Seen (Python 3.11, NumPy 2.2.6, OpenCV 4.11): a crop of boxes of the classes 3, 7, 11, 19 gives
# [1, 1, 1, 1] in 2.0.1 and [3, 7, 11, 19] in 2.0.2.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

labels() {
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/pip" install --quiet --disable-pip-version-check \
        "albumentations==$1" "numpy==2.2.6" "opencv-python-headless==4.11.0.86" >/dev/null
    NO_ALBUMENTATIONS_UPDATE=1 "$folder/$1/bin/python" - <<'PYTHON'
import albumentations as A
import numpy as np

image = np.zeros((100, 100, 3), np.uint8)
boxes = np.array([[0, 0, 40, 40, 3], [5, 5, 60, 60, 7], [9, 9, 70, 70, 11], [2, 2, 90, 90, 19]], float)
crop = A.Compose(
    [A.Crop(x_min=0, y_min=0, x_max=80, y_max=80)],
    bbox_params=A.BboxParams(format="pascal_voc", clip=True),
)
print([round(float(row[4])) for row in crop(image=image, bboxes=boxes)["bboxes"]])
PYTHON
}

old=$(labels 2.0.1)
new=$(labels 2.0.2)
echo "2.0.1: $old"
echo "2.0.2: $new"
[ "$old" = "[1, 1, 1, 1]" ] && [ "$new" = "[3, 7, 11, 19]" ]
