"""A trained detector, ready to use: images in, detections in their own pixels out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import cast, overload

import cv2
import numpy as np
import torch
from fvcore.common.config import CfgNode
from torch import nn

from backbones.images.decoding import ChannelOrder
from backbones.images.given import ImageLike, as_list, each_rgb
from backbones.machine import distributed
from backbones.machine.exhaustion import fitting
from backbones.terminal.wording import count
from resdet.checkpoints import checkpoint
from resdet.data.loader import test_batches, to_tensor, unlabelled
from resdet.data.transforms import Augmented, Image
from resdet.detector.build import NetworkInput, build_input, load_model
from resdet.detector.extras.extras import (
    ExtendedTest,
    Extras,
    build_extended_test,
    build_extras,
    unresized,
)
from resdet.detector.pipeline import ahead
from resdet.detector.result import Result
from resdet.detector.speed import Speed, compile_parts, keep_memory
from resdet.engines.protocol import Engine
from resdet.engines.registry import load
from resdet.engines.samples import Sample, in_own_pixels, to_host
from resdet.modeling.fpn import FPN
from resdet.structures.records import Detections, ImageId, ImageRecord

_WINDOW = 4  # batches at most between the image read and the image answered


class Detector:
    """A model with the classes and the input it was trained with, and how fast it is to run.

    `num_workers` read files where nothing else is said; `extended` takes the place of one pass.
    """

    def __init__(
        self,
        model: nn.Module,
        class_names: Sequence[str],
        engine: Engine,
        input: NetworkInput,
        speed: Speed = Speed(),  # noqa: B008  (frozen)
        num_workers: int = 0,
        extended: ExtendedTest | None = None,
    ) -> None:
        self.model = model
        self.class_names = tuple(class_names)
        self.engine = engine
        self.input = input
        self.speed = speed
        self.num_workers = num_workers
        self.extras = extended.extras if extended else Extras()
        self._extended = extended
        self._transform: Callable[..., Augmented] = unresized if extended else input.transform
        pyramids = (part for part in model.modules() if isinstance(part, FPN))
        self._multiple = next((fpn.size_divisibility for fpn in pyramids), 1)

    def __repr__(self) -> str:
        device = next(self.model.parameters()).device
        names = ", ".join(self.class_names[:3]) + (", ..." if len(self.class_names) > 3 else "")
        many = f"{count(len(self.class_names), 'class', 'classes')} ({names})"
        return f"Detector({many}, engine {self.engine.NAME}, {device}, {self.speed.precision})"

    @overload  # a path is a sequence of paths to mypy
    def __call__(  # type: ignore[overload-overlap]
        self, images: ImageLike, *, channel_order: ChannelOrder | None = ...
    ) -> Result: ...
    @overload
    def __call__(
        self, images: Sequence[ImageLike], *, channel_order: ChannelOrder | None = ...
    ) -> list[Result]: ...
    def __call__(
        self, images: ImageLike | Sequence[ImageLike], *, channel_order: ChannelOrder | None = None
    ) -> Result | list[Result]:
        """What is in an image, or in each of a list, in the pixels of the image as it was given.

        An image is a path, a PIL image, a NumPy array (H, W, 3) or (H, W) uint8, or a tensor
        (3, H, W) uint8 or float in [0, 1]. For arrays and tensors with channels, `channel_order`
        says which comes first: "BGR" of cv2, "RGB" of nearly all others. Paths and PIL images are
        turned as their EXIF says.
        Raises: ValueError, FileNotFoundError: see `backbones.images.given`.
        """
        given, many = as_list(images)
        ids = [str(x) if isinstance(x, (str, Path)) else i for i, x in enumerate(given)]
        readers = each_rgb(given, channel_order, many)
        sizes: list[tuple[int, int]] = []

        def samples() -> Iterator[Sample]:
            for image_id, read in zip(ids, readers):
                image = read()
                sizes.append(image.shape[:2])
                yield self._sample(image_id, image)

        found = self._in_turn(ahead(samples()) if many else samples())
        results = [
            Result(f.image_id, f.boxes, f.labels, f.scores, self.class_names, *sizes[at])
            for at, f in enumerate(found)
        ]
        return results if many else results[0]

    predict = __call__  # as other libraries call it

    def predict_named(self, images: Iterable[tuple[ImageId, Image]]) -> Iterator[Detections]:
        """Detections of each (id, image) in turn; few are kept, so a video may be endless.

        Of a batch of 1, an image is asked for when its detections are, and not before.
        Shape: image (H, W, 3) uint8, BGR as OpenCV reads it.
        """
        rgb = ((name, cast(Image, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))) for name, bgr in images)
        return self._in_turn(self._sample(*named) for named in rgb)

    def predict_records(
        self,
        records: Sequence[ImageRecord],
        *,
        batch_size: int | None = None,
        num_workers: int | None = None,
    ) -> Iterator[Detections]:
        """Detections of each image on disk, in the order of `records`; under torchrun this
        process's share only. Files are read ahead, by workers or by a thread.
        """
        workers = self.num_workers if num_workers is None else num_workers
        batches = test_batches(
            records,
            transform=self._transform,
            batch_size=batch_size or self.speed.batch,
            num_workers=workers,
            channel_order=self.input.channel_order,
            rank=distributed.rank(),
            world_size=distributed.world_size(),
        )
        read = batches if workers else ahead(batches)
        return self._in_turn(chain.from_iterable(read), batch_size)

    def _sample(self, image_id: ImageId, image: Image) -> Sample:
        no_boxes, no_labels = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        resized, _, _ = self._transform(image, no_boxes, no_labels, (0,))
        height, width = image.shape[:2]
        return unlabelled(to_tensor(resized, self.input.channel_order), height, width, image_id)

    def _in_turn(
        self, samples: Iterable[Sample], batch_size: int | None = None
    ) -> Iterator[Detections]:
        """Run images of one padded size together: each sees what it would see alone."""
        size = batch_size or self.speed.batch
        window = _WINDOW * size if size > 1 else 1
        waiting: dict[tuple[int, ...], dict[int, Sample]] = {}
        found: dict[int, Detections] = {}
        given = 0

        def run(batch: dict[int, Sample]) -> None:
            found.update(zip(batch, self.run_batch(list(batch.values()))))
            batch.clear()

        for place, sample in enumerate(samples):
            height, width = sample["image"].shape[-2:]
            kind = (-(-height // self._multiple), -(-width // self._multiple))
            batch = waiting.setdefault(kind, {})
            batch[place] = sample
            if len(batch) == size:
                run(batch)
            if given not in found and place - given + 1 >= window:
                run(next(batch for batch in waiting.values() if given in batch))
            while given in found:
                yield found.pop(given)
                given += 1
        for batch in waiting.values():
            if batch:
                run(batch)
        for place in sorted(found):
            yield found[place]

    @torch.inference_mode()
    def run_batch(self, batch: Sequence[Sample]) -> list[Detections]:
        """Detections of images as the network gets them, in one pass."""
        self.model.eval()
        device = next(self.model.parameters()).device
        with fitting(batch, "testing"), self.speed.autocast(device):
            if self._extended:
                return [self._extended(sample) for sample in batch]
            found = self.engine.detect(self.model, batch)
        return [in_own_pixels(f, sample) for f, sample in zip(to_host(found), batch)]


def build_detector(
    cfg: CfgNode,
    model: nn.Module,
    class_names: Sequence[str],
    engine: Engine,
    speed: Speed = Speed(),  # noqa: B008  (frozen)
) -> Detector:
    """A model of `cfg` at work, with the extras that TEST asks for.

    Raises: as `build_extended_test`.
    """
    extended = None
    if build_extras(cfg):
        extended = build_extended_test(cfg, model, class_names, engine, speed)
    workers = cfg.DATALOADER.NUM_WORKERS
    return Detector(model, class_names, engine, build_input(cfg), speed, workers, extended)


def load_detector(
    path: str | Path,
    engine: str = "auto",
    device: str | torch.device = "",
    overrides: Sequence[str] = (),
    speed: Speed = Speed(),  # noqa: B008  (frozen)
    testing: Sequence[str] = (),
) -> Detector:
    """The detector of a checkpoint that resdet train-det wrote, or of a file of detectron2's.

    Its norms are folded: a model to run, not one to train or save.

    `overrides`, KEY VALUE pairs, say of detectron2's what the file does not: see
    `resdet.checkpoints.foreign.from_detectron2`. `testing`, KEY VALUE pairs of TEST, ask for the
    extras: see `resdet.detector.extras.extras`.
    Raises: FileNotFoundError; ValueError if the file is broken or no such detector.
    """
    on = distributed.asked_device(device)
    for name, pairs in (("overrides", overrides), ("testing", testing)):
        if isinstance(pairs, str):
            raise ValueError(
                f"{name} must be a list of words, KEY VALUE in turn, got {pairs!r}; "
                f"give {pairs.split()}"
            )
    saved = checkpoint.load(Path(path), overrides)
    if overrides and not saved.foreign:
        raise ValueError(
            f"overrides must be empty for {path}, which has its config, got {list(overrides)}; "
            "they are for files of detectron2"
        )
    chosen = load(engine)
    model, cfg, lines = load_model(saved, chosen, str(path), testing)
    for line in lines if distributed.is_main() else ():
        print(line, flush=True)
    detector = build_detector(cfg, model, saved.class_names, chosen, speed)
    speed_up(detector, on)
    return detector


def speed_up(detector: Detector, device: torch.device) -> None:
    """Put a model that is not trained any more on `device` and make it as fast as it can be."""
    detector.engine.speed_up(detector.model)
    detector.model.to(device)
    if detector.speed.compiled:
        compile_parts(detector.model)
    if device.type == "cpu":
        keep_memory()
