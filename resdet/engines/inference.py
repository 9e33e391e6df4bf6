"""A trained detector, ready to use: images in, detections in their own pixels out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from fvcore.common.config import CfgNode
from torch import nn

from backbones.training import distributed
from resdet import boxes as box_ops
from resdet.data.loader import test_batches, to_tensor
from resdet.data.transforms import Image
from resdet.engines import Engine, checkpoint, load
from resdet.engines.build import restore_model
from resdet.engines.datasets import test_transform
from resdet.engines.samples import Found, Sample
from resdet.structures import Detections, ImageId, ImageRecord


class Detector:
    """A model with the config and the classes it was trained with."""

    def __init__(
        self, model: nn.Module, cfg: CfgNode, class_names: Sequence[str], engine: Engine
    ) -> None:
        self.model = model
        self.cfg = cfg
        self.class_names = tuple(class_names)
        self.engine = engine
        self._transform = test_transform(cfg)

    def predict(self, images: Iterable[tuple[ImageId, Image]]) -> Iterator[Detections]:
        """Detections of each (id, image) in turn; nothing is kept, so a video may be endless.

        Shape: image (H, W, 3) uint8, BGR as OpenCV reads it.
        """
        for image_id, image in images:
            height, width = image.shape[:2]
            rgb = cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            resized, boxes, labels = self._transform(
                rgb, np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
            )
            sample = Sample(
                image=to_tensor(resized, self.cfg.INPUT.FORMAT),
                boxes=torch.from_numpy(boxes),
                labels=torch.from_numpy(labels),
                image_id=image_id,
                height=height,
                width=width,
                index=0,
            )
            yield from self._detect([sample])

    def predict_records(
        self, records: Sequence[ImageRecord], *, batch_size: int = 1, num_workers: int | None = None
    ) -> Iterator[Detections]:
        """Detections of each image on disk, in the order of `records`; under torchrun this
        process's share only.
        """
        batches = test_batches(
            records,
            transform=self._transform,
            batch_size=batch_size,
            num_workers=self.cfg.DATALOADER.NUM_WORKERS if num_workers is None else num_workers,
            channel_order=self.cfg.INPUT.FORMAT,
            rank=distributed.rank(),
            world_size=distributed.world_size(),
        )
        for batch in batches:
            yield from self._detect(batch)

    @torch.inference_mode()
    def _detect(self, batch: Sequence[Sample]) -> list[Detections]:
        self.model.eval()
        found = self.engine.detect(self.model, batch)
        return [_in_own_pixels(f, sample) for f, sample in zip(found, batch)]


def load_detector(
    path: str | Path, engine: str = "auto", device: str = "", overrides: Sequence[str] = ()
) -> Detector:
    """The detector of a checkpoint that tools/train_det.py wrote, or of a file of detectron2's.

    `overrides`, KEY VALUE pairs, say of detectron2's what the file does not: see
    `resdet.engines.foreign.from_detectron2`.
    Raises: FileNotFoundError; ValueError if the file is broken or no such detector.
    """
    saved = checkpoint.load(Path(path), overrides)
    chosen = load(engine)
    model, _ = restore_model(saved.cfg, chosen, saved, str(path))
    model.to(distributed.device(device))
    return Detector(model, saved.cfg, saved.class_names, chosen)


def _in_own_pixels(found: Found, sample: Sample) -> Detections:
    boxes, labels, scores = (t.cpu().numpy() for t in found)
    height, width = sample["height"], sample["width"]
    resized_height, resized_width = sample["image"].shape[-2:]
    scale = np.array([width / resized_width, height / resized_height] * 2, np.float32)
    boxes = box_ops.clip(boxes.astype(np.float32) * scale, height, width)
    return Detections(sample["image_id"], boxes, labels, scores.astype(np.float32))
