"""torchvision's own detector, timed as `resdet.benchmarks.detectors` times ours.

`python -m resdet.engines.tv.detector_peer WORK KIND WEIGHTS SIDE IMAGES` prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torchvision.models.detection import fasterrcnn_resnet50_fpn

from resdet.benchmarks import detectors
from resdet.engines.tv.detector import NormalizeAndPad


def measure(
    work: detectors.Work, kind: str, weights: Path, side: int, images: int
) -> dict[str, Any]:
    """fasterrcnn_resnet50_fpn with random weights; images are not resized, as for the others.

    Its proposals are as many as those of the others: 1000 in inference, 512 sampled in training.
    """
    if kind not in detectors.TORCHVISION:
        raise ValueError(f"kind must be one of {detectors.TORCHVISION}, got {kind!r}")
    torch.manual_seed(0)
    model = fasterrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, trainable_backbone_layers=3, num_classes=81
    )
    model.transform = NormalizeAndPad([123.675, 116.28, 103.53], [58.395, 57.12, 57.375], 32)
    pictures = detectors.pictures(side, images if work == "infer" else detectors.IMAGES_PER_STEP)
    if work == "train":
        boxes, labels = detectors.objects(side)
        targets = [{"boxes": boxes, "labels": labels + 1} for _ in pictures]
        losses = lambda batch: model(*batch)  # noqa: E731
        return detectors.timed_steps(model.train(), losses, (pictures, targets), images)
    model.eval()
    with torch.inference_mode():
        return detectors.timed(lambda picture: model([picture]), pictures)


if __name__ == "__main__":
    print(json.dumps(measure(*detectors.arguments(sys.argv[1:]))))
