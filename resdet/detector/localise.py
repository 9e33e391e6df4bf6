"""A localiser at work: where in an image the classes are that it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from resdet.data.loader import to_tensor, unlabelled
from resdet.data.reading import read_record
from resdet.data.transforms import Image
from resdet.detector.inference import TorchDetector
from resdet.detector.pipeline import ahead
from resdet.engines.samples import in_own_pixels, to_host
from resdet.structures.records import Detections, ImageId, ImageRecord

_CROP = 224 / 256  # of the shorter side


def localise(
    detector: TorchDetector,
    records: Sequence[ImageRecord],
    classes: Mapping[ImageId, Sequence[int]],
    sizes: Sequence[int] = (),
    *,
    crop: bool = False,
) -> Iterator[Detections]:
    """The likeliest place of each class of an image, in the order of asking; every score is its
    own logistic one. At several `sizes` the likeliest of all. `crop`: of the centre alone.

    Unit: sizes in pixels of the shorter side; by default that of the test.
    Raises: ValueError for a detector that is no localiser.
    """
    if not hasattr(detector.model, "localise"):
        raise ValueError(
            "checkpoint must be of a localiser (MODEL.META_ARCHITECTURE PerClassRPN or "
            "PerClassRCNN), got a detector; give one that imagenet_loc_r101 trained"
        )
    for record, image in ahead((record, read_record(record)) for record in records):
        asked = classes[record.image_id]
        x, y, part = _centre(image) if crop else (0, 0, image)
        found = [_at(detector, part, asked, size) for size in sizes or (0,)]
        best = np.argmax([one.scores for one in found], axis=0)
        rows = np.arange(len(asked))
        yield Detections(
            record.image_id,
            np.array([one.boxes for one in found])[best, rows] + np.array([x, y, x, y], np.float32),
            np.array(asked, np.int64),
            np.array([one.scores for one in found])[best, rows],
        )


def _centre(image: Image) -> tuple[int, int, Image]:
    """Where the middle square begins and what it shows.

    Source: He et al. 2016, Table 13, "1-crop": 224 pixels, here of 256.
    """
    height, width = image.shape[:2]
    side = max(round(min(height, width) * _CROP), 1)
    x, y = (width - side) // 2, (height - side) // 2
    return x, y, np.ascontiguousarray(image[y : y + side, x : x + side])


@torch.inference_mode()
def _at(detector: TorchDetector, image: Image, classes: Sequence[int], size: int) -> Detections:
    given = replace(detector.input, shorter_side=size or detector.input.shorter_side)
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    resized, *_ = given.transform(image, *none)
    tensor = to_tensor(resized, given.channel_order)
    sample = unlabelled(tensor, *image.shape[:2])
    model: Any = detector.model.eval()
    device = next(model.parameters()).device
    with detector.speed.autocast(device):
        found = model.localise([tensor.to(device)], [torch.tensor(list(classes), device=device)])
    return in_own_pixels(to_host(found)[0], sample)
