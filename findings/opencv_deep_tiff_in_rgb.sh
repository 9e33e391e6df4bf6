#!/usr/bin/env bash
# OpenCV breaks colours of 16 bits in a TIFF where they are asked for in RGB, and not in BGR.
#
# `IMREAD_ANYDEPTH | IMREAD_COLOR` keeps 16 bits a channel, blue first. `IMREAD_COLOR_RGB` in place of
# `IMREAD_COLOR`, new in 4.11, promises the same with red first. Of PNG it is; of a colour TIFF of 16
# bits some pixels come out with other values, some of them none that the file holds, and no error.
# In 8 bits (`IMREAD_COLOR_RGB` alone) all is well, so that nobody sees it before 12-bit cameras.
#
# Seen (Python 3.11, NumPy 2.2.6): opencv-python-headless 4.11.0.86, 4.13.0.92 and 4.14.0.94, of which
# the first and the last are run here, read values 900 to 3002 back in BGR, and in RGB do not.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

broken() {
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/pip" install --quiet --disable-pip-version-check \
        "numpy==2.2.6" "opencv-python-headless==$1" >/dev/null
    "$folder/$1/bin/python" - <<'PYTHON'
import cv2
import numpy as np

ramp = np.linspace(900, 3000, 48 * 70).reshape(48, 70).astype(np.uint16)
image = np.dstack([ramp, ramp + 1, ramp + 2])  # blue, green, red
orders = (("BGR", cv2.IMREAD_COLOR, image), ("RGB", cv2.IMREAD_COLOR_RGB, image[..., ::-1]))
found = []
for suffix in (".png", ".tif"):
    data = cv2.imencode(suffix, image)[1]
    for name, flag, wanted in orders:
        read = cv2.imdecode(data, cv2.IMREAD_ANYDEPTH | flag)
        assert read.dtype == np.uint16
        found += [] if (read == wanted).all() else [f"{suffix} in {name}"]
print(*found, sep=", ")
PYTHON
}

old=$(broken 4.11.0.86)
new=$(broken 4.14.0.94)
echo "4.11.0.86: $old"
echo "4.14.0.94: $new"
[ "$old" = ".tif in RGB" ] && [ "$new" = ".tif in RGB" ]
