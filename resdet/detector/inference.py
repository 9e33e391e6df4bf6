"""A detector whose network torch runs, of a checkpoint or of a model in training."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from fvcore.common.config import CfgNode
from torch import nn

from backbones.convolution.quick import place
from backbones.machine import distributed
from backbones.machine.exhaustion import fitting
from backbones.machine.threads import shared_out
from resdet.checkpoints import checkpoint
from resdet.data.loader import test_batches, to_tensor, unlabelled
from resdet.data.transforms import Augmented, Image
from resdet.detector.build import NetworkInput, build_input, load_model
from resdet.detector.detector import MOST_LANES, Detector
from resdet.detector.extras.asked import build_extras
from resdet.detector.extras.extras import ExtendedTest, build_extended_test, unresized
from resdet.detector.pipeline import ahead
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.protocol import Engine
from resdet.engines.registry import load
from resdet.engines.samples import Sample, in_own_pixels, to_host
from resdet.modeling.fpn import FPN
from resdet.structures.records import Detections, ImageId, ImageRecord


class TorchDetector(Detector):
    """A model with the classes and the input it was trained with, and how fast it is to run.

    `num_workers` read files where nothing else is said; `extended` takes the place of one pass;
    `beside` are the models of an ensemble that it asks too.
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
        extras = extended.extras if extended else None
        super().__init__(class_names, engine.NAME, speed.batch, extras)
        self.model = model
        self.engine = engine
        self.input = input
        self.speed = speed
        self.num_workers = num_workers
        self.beside = [network.model for network in extended.networks[1:]] if extended else []
        self._extended = extended
        self._transform: Callable[..., Augmented] = unresized if extended else input.transform
        pyramids = (part for part in model.modules() if isinstance(part, FPN))
        self._multiple = next((fpn.size_divisibility for fpn in pyramids), 1)

    def _told(self) -> str:
        device = next(self.model.parameters()).device
        return f"engine {self.engine.NAME}, {device}, {self.speed.precision}"

    @property
    def lanes(self) -> int:
        """On a CPU as many as there are threads: they compute an image each in half the time of
        all on one image after the other.
        """
        on_cpu = next(self.model.parameters()).device.type == "cpu"
        return min(torch.get_num_threads(), MOST_LANES) if on_cpu and not self.speed.compiled else 1

    def share(self, lanes: int) -> Callable[[], None]:
        """Torch's threads are shared out."""
        return shared_out(lanes)

    def read(self, records: Sequence[ImageRecord]) -> Iterator[Sample]:
        """By workers, or ahead by a thread."""
        batches = test_batches(
            records,
            transform=self._transform,
            batch_size=self.batch,
            num_workers=self.num_workers,
            channel_order=self.input.channel_order,
        )
        return chain.from_iterable(batches if self.num_workers else ahead(batches))

    def sample(self, image_id: ImageId, image: Image) -> Sample:
        """Resized, and in the network's order of channels."""
        no_boxes, no_labels = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        resized, _, _ = self._transform(image, no_boxes, no_labels, (0,))
        height, width = image.shape[:2]
        return unlabelled(to_tensor(resized, self.input.channel_order), height, width, image_id)

    def kind(self, sample: Sample) -> Hashable:
        """Of one padded size."""
        return tuple(-(-side // self._multiple) for side in sample["image"].shape[-2:])

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
) -> TorchDetector:
    """A model of `cfg` at work, with the extras that TEST asks for.

    Raises: as `build_extended_test`.
    """
    extended = None
    if build_extras(cfg):
        extended = build_extended_test(cfg, model, class_names, engine, speed)
    workers = cfg.DATALOADER.NUM_WORKERS
    return TorchDetector(model, class_names, engine, build_input(cfg), speed, workers, extended)


def load_detector(
    path: str | Path,
    engine: str = "auto",
    device: str | torch.device = "",
    overrides: Sequence[str] = (),
    speed: Speed = Speed(),  # noqa: B008  (frozen)
    testing: Sequence[str] = (),
) -> TorchDetector:
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


def speed_up(detector: TorchDetector, device: torch.device) -> None:
    """Put a model that is not trained any more on `device` and make it as fast as it can be."""
    model, speed = detector.model, detector.speed
    detector.engine.speed_up(model)
    for each in (model, *detector.beside):
        place(each, device, learns=False, precision=speed.precision, compiled=speed.compiled)
    if speed.compiled:
        compile_parts(model)
