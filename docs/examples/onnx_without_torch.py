"""An exported detector without torch: onnxruntime, OpenCV and NumPy.

For a file of `resdet export` without --resize and --batch.

python onnx_without_torch.py model_best.onnx photo.jpg drawn.jpg
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime

if len(sys.argv) != 4:
    sys.exit(__doc__)
model, source, target = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
names = json.loads(about["class_names"])

picture = cv2.imread(source)
if picture is None:
    sys.exit(f"{source} must be a picture that OpenCV reads; give another")
image = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)  # of any size: the file resizes it
boxes, labels, scores = session.run(None, {"image": image})
for box, label, score in zip(boxes, labels, scores):
    if score >= 0.5:
        print(f"{names[label]} {score:.3f}", *box.round(1))
        cv2.rectangle(picture, *np.int64(box.round()).reshape(2, 2), (0, 200, 0), 2)
cv2.imwrite(target, picture)
