"""Images from disk to a detector's training samples, on one core: ours and torchvision's way."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

from backbones.benchmarks.input import DECODE, Way, compare, draw_images, find_images, one_thread
from backbones.images.decoding import image_size
from backbones.machine.hardware import conditions
from resdet.data.loader import DetectionDataset
from resdet.data.transforms import TrainTransform, target_size
from resdet.structures.records import GroundTruth, ImageRecord

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def benchmark_detection_input(
    images: Path | None = None, *, rounds: int = 5, sizes: Sequence[int] = (600, 800)
) -> dict[str, Any]:
    """Time decode, flip and resize to each shorter side of `sizes`, in turn, on one thread.

    Each image has two boxes. Ours ends in uint8, which the device normalises, torchvision's in
    normalised float32. `ratio` is to torchvision's time; for the other words and for `images` see
    `backbones.benchmarks.input.benchmark_input`.
    Raises: ValueError if the folder holds too few images.
    """
    with tempfile.TemporaryDirectory() as folder, one_thread():
        paths = find_images(images) if images else draw_images(Path(folder), 50)
        records = [_record(Path(path)) for path in paths]
        measured = {
            str(size): compare(_ways(records, size), len(records), rounds) for size in sizes
        }
    return {
        "images": {"source": "folder" if images else "drawn", "count": len(records)},
        "rounds": rounds,
        "shorter_side": measured,
        **conditions(torch.device("cpu")),
    }


def _record(path: Path) -> ImageRecord:
    height, width = image_size(path)
    boxes = np.array([[0.1, 0.1, 0.5, 0.6], [0.4, 0.3, 0.9, 0.9]]) * ([width, height] * 2)
    return ImageRecord(path.name, path, height, width, GroundTruth(boxes, np.arange(2)))


def _ways(records: Sequence[ImageRecord], size: int) -> dict[str, Way]:
    longest = size * 5 // 3
    dataset = DetectionDataset(records, TrainTransform([size], longest))
    data = [np.fromfile(record.path, np.uint8) for record in records]

    def ours() -> Iterator[Tensor]:
        return (dataset[(index, index)]["image"] for index in range(len(records)))

    def torchvisions() -> Iterator[Tensor]:
        return (_torchvision(record, size, longest) for record in records)

    def decoded() -> Iterator[Any]:
        return (cv2.imdecode(x, cv2.IMREAD_COLOR) for x in data)

    return {"torchvision, PIL": Way(torchvisions), "resdet": Way(ours), DECODE: Way(decoded)}


def _torchvision(record: ImageRecord, size: int, longest: int) -> Tensor:
    """Source: torchvision's references/detection/presets.py, "hflip", and what its detectors do
    first: normalise, then interpolate.
    """
    with open(record.path, "rb") as file:
        image = functional.pil_to_tensor(Image.open(file).convert("RGB"))
    if random.random() < 0.5:
        image = functional.hflip(image)
    image = functional.normalize(functional.convert_image_dtype(image), MEAN, STD)
    target = target_size(record.height, record.width, size, longest)
    return torch.nn.functional.interpolate(image[None], target, mode="bilinear")[0]
