#!/usr/bin/env bash
# A rotated box of CVAT is read upright, and so misses the object, by globox and labelformat.
#
# CVAT's XML (for images 1.1) writes a rotated rectangle as xtl, ytl, xbr, ybr as they were before the
# turn, and the turn about the centre as an attribute `rotation` of the same `<box>`. A reader that does
# not know the attribute gets four good numbers. The box that it takes is neither the rectangle nor its
# hull, but one across it; nothing is said, and all that is written from it is wrong in the same way.
#
# Seen (Python 3.11, NumPy 2.2.6, pydantic 2.12.5): a rectangle of 200x50 turned by 90 degrees, which fills
# [175, 25, 50, 200] of the picture, is [100, 100, 200, 50] in the COCO files of globox 2.9.0 and
# labelformat 0.1.17: IoU 0.14 with what was drawn.
# Exit code: 0 where both behave so, 1 where one does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --disable-pip-version-check \
    "globox==2.9.0" "labelformat==0.1.17" "numpy==2.2.6" "pydantic==2.12.5" >/dev/null
cat >"$folder/annotations.xml" <<'XML'
<annotations>
  <version>1.1</version>
  <meta><task><labels><label><name>ship</name></label></labels></task></meta>
  <image id="0" name="a.png" width="640" height="480">
    <box label="ship" source="manual" occluded="0" xtl="100.00" ytl="100.00" xbr="300.00" ybr="150.00"
         rotation="90.00" z_order="0"></box>
  </image>
</annotations>
XML
seen=$(cd "$folder" && venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

from globox import AnnotationSet
from labelformat.formats import COCOObjectDetectionOutput, CVATObjectDetectionInput

source = Path("annotations.xml")
AnnotationSet.from_cvat(source).save_coco(Path("globox.json"), auto_ids=True)
COCOObjectDetectionOutput(output_file=Path("labelformat.json")).save(
    label_input=CVATObjectDetectionInput(input_file=source)
)
for tool in ("globox", "labelformat"):
    written = json.loads(Path(f"{tool}.json").read_text())
    print(tool, *(round(value) for value in written["annotations"][0]["bbox"]))
PYTHON
)
echo "$seen"
[ "$seen" = "globox 100 100 200 50
labelformat 100 100 200 50" ]
