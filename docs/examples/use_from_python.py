"""A trained detector in a program of one's own.

python docs/examples/use_from_python.py model_best.pth photo.jpg drawn.png
"""

import sys

import cv2
import numpy as np
import PIL.Image
import torch

import resdet


def main(checkpoint: str, photo: str, drawn: str) -> None:
    """Show each kind of image, and each form of what is found in it."""
    # classes, preprocessing and sizes are in the file; a GPU is taken where there is one
    detector = resdet.load(checkpoint)
    print(f"{len(detector.class_names)} classes: {', '.join(detector.class_names)}")

    # a path: turned as its EXIF says
    found = detector(photo)
    for name, score, (x1, y1, x2, y2), _ in found.above(0.3):
        print(f"{name} {score:.2f} from ({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f})")

    # PIL says by itself that it is RGB; an array or a tensor does not
    from_pil = detector(PIL.Image.open(photo))
    array = cv2.imread(photo)
    assert array is not None  # cv2 says so where a file is no image; a path given above raises
    from_cv2 = detector(array, channel_order="BGR")
    rgb = torch.from_numpy(np.array(PIL.Image.open(photo).convert("RGB")))
    from_torch = detector(rgb.permute(2, 0, 1) / 255, channel_order="RGB")
    print("found as path, PIL, cv2, torch:", *map(len, (found, from_pil, from_cv2, from_torch)))

    # a list gives a list; resdet.load(..., batch=8) sends eight at once through the network
    first, second = detector([photo, PIL.Image.open(photo).rotate(90, expand=True)])
    print(first, second, sep="\n")

    # plain arrays, and the forms of other tools
    print("boxes", found.boxes.shape, "labels", found.labels.shape, "scores", found.scores.shape)
    print("as COCO:", found.to_coco(image_id=1)[:1])
    print("with pandas:", found.to_pandas().groupby("name").score.max().to_dict())
    print("with supervision:", found.to_supervision().xyxy.shape)
    print("as JSON:", found[found.scores > 0.5].to_json())
    found.save(drawn, threshold=0.3)


if __name__ == "__main__":
    main(*sys.argv[1:])
