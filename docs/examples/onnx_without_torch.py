"""An exported detector without torch: onnxruntime, OpenCV and NumPy.

python onnx_without_torch.py model_best.onnx photo.jpg drawn.jpg
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime

model, source, target = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
names, sizes = json.loads(about["class_names"]), json.loads(about["preprocessing"])

picture = cv2.imread(source)
sides = np.array(picture.shape[1::-1])  # width, height
scale = min(sizes["min_size"] / sides.min(), sizes["max_size"] / sides.max())
resized = np.maximum((sides * scale + 0.5).astype(int), 1)
way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
image = cv2.cvtColor(cv2.resize(picture, resized, interpolation=way), cv2.COLOR_BGR2RGB)

boxes, labels, scores = session.run(None, {"image": image})
boxes = boxes * np.tile(sides / resized, 2)  # x1 y1 x2 y2 in pixels of the picture
for box, label, score in zip(boxes, labels, scores):
    if score >= 0.5:
        print(f"{names[label]} {score:.3f}", *box.round(1))
        cv2.rectangle(picture, *box.round().astype(int).reshape(2, 2), (0, 200, 0), 2)
cv2.imwrite(target, picture)
