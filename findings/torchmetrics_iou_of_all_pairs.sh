#!/usr/bin/env bash
# torchmetrics' IntersectionOverUnion gives perfect detections of ten objects 0.1, one of ten as much.
#
# The metric pairs no detection with its object: it is the mean over every detection with every object
# of the same label in the image. Found exactly, n objects apart give 1/n, so that fuller images look
# worse, and a detector that misses nine of ten loses nothing. With `iou_threshold` the pairs below it
# leave the mean, and with them all that is missed or made up: then nothing but the overlap of what was
# found is left, and again nothing is lost. Pairs of unlike labels leave it as well, so a wrong class
# costs nothing. The generalised, distance and complete IoU of the package are such means, too.
#
# Seen (Python 3.11, NumPy 2.2.6): torchmetrics 1.9.0, torchvision 0.29.1, torch 2.14.1, ten objects
# of a class, apart. All found exactly: 0.10, with a threshold of 0.5 it is 1.00. One found: the same two numbers.
# All found, nine as another class: the same. MeanAveragePrecision's mar_100, a recall, is 1.00, 0.10, 0.10.
# Needs 6 GB of disk while it runs: torch has no smaller wheel for Linux on x86.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
    "torch==2.14.1" "torchvision==0.29.1" "numpy==2.2.6" "torchmetrics==1.9.0" \
    "pycocotools==2.0.11" >/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch
from torchmetrics.detection import IntersectionOverUnion, MeanAveragePrecision


def image(labels):
    """Objects of 50x50 in a row, 100 px from one to the next."""
    left = 100.0 * torch.arange(len(labels))
    boxes = torch.stack([left, torch.zeros_like(left), left + 50, torch.full_like(left, 50)], 1)
    return {"boxes": boxes, "labels": torch.tensor(labels), "scores": torch.ones(len(labels))}


def measure(metric, found, truth, key):
    metric.update([image(found)], [image(truth)])
    return metric.compute()[key].item()


def report(name, found, truth):
    plain = measure(IntersectionOverUnion(), found, truth, "iou")
    over = measure(IntersectionOverUnion(iou_threshold=0.5), found, truth, "iou")
    recall = measure(MeanAveragePrecision(), found, truth, "mar_100")
    print(f"{name}: IoU {plain:.2f}, over 0.5 {over:.2f}, recall {recall:.2f}")


report("all of 1", [0], [0])
report("all of 10", [0] * 10, [0] * 10)
report("one of 10", [0], [0] * 10)
report("nine of 10 as another class", [0] + [1] * 9, [0] * 10)
PYTHON
)
echo "$seen"
[ "$seen" = "all of 1: IoU 1.00, over 0.5 1.00, recall 1.00
all of 10: IoU 0.10, over 0.5 1.00, recall 1.00
one of 10: IoU 0.10, over 0.5 1.00, recall 0.10
nine of 10 as another class: IoU 0.10, over 0.5 1.00, recall 0.10" ]
