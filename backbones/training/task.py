"""What a config asks to train: the network, its preprocessing, the images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from backbones.activation_checkpointing import checkpoint_activations
from backbones.config import CfgNode, default_config
from backbones.data.check_usable import usable
from backbones.data.images import Images, Splits, open_images
from backbones.data.loader import (
    Batch,
    TrainingImages,
    make_test_batches,
    make_training_batches,
)
from backbones.data.resident import (
    ResidentImages,
    load_resident,
    resident_test_batches,
    resident_training_batches,
)
from backbones.data.statistics import mean_image
from backbones.data.transforms import Views
from backbones.data.views import build_views
from backbones.features import Classifier
from backbones.machine import distributed
from backbones.machine.hardware import available_cores
from backbones.registry import create
from backbones.terminal.wording import count
from backbones.weights.checkpoint import Preprocessing
from backbones.weights.interop import fill, published_name, read_weights

Split = Literal["train", "validation", "test"]
# Unit: pixel in 0..255, RGB. Source: the statistics of torchvision's ImageNet weights.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
_ARGUMENTS = {"WIDTH": "width", "NORM": "norm", "SHORTCUT": "shortcut"}
_ARGUMENTS |= {"STRIDE_IN_1X1": "stride_in_1x1", "DROPOUT": "dropout"}


@dataclass(frozen=True)
class Task:
    """A network and the images to train and test it on; `notes` are remarks for the log."""

    model: Classifier
    preprocessing: Preprocessing
    splits: Mapping[Split, Images]
    views: Views
    test_views: Views
    notes: tuple[str, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the images, in the order of the labels."""
        return self.splits["train"].class_names


def build_task(cfg: CfgNode, preprocessing: Preprocessing | None = None) -> Task:
    """Open the images and build the network that fits them.

    `preprocessing` is that of a run to resume; without it weights, config and images decide.
    Raises: ValueError for images or weights that do not fit the config.
    """
    root = Path(cfg.DATASETS.ROOT)
    opened = open_images(root, hold_out=cfg.DATASETS.HOLD_OUT)
    splits, broken = _usable_splits(opened)
    model, decided, notes = build_classifier(cfg, opened.train.class_names)
    notes += broken
    if cfg.MODEL.ACTIVATION_CHECKPOINTING:
        checkpoint_activations(model)
    if len(splits) == 1:
        notes += (f"{root} has neither val/ nor test/: no error will be measured",)
        if cfg.SOLVER.LR_SCHEDULER_NAME == "WarmupPlateauLR":
            raise ValueError(
                f"{root} must have val/ or test/ images for WarmupPlateauLR, which watches their "
                "error, got neither; set DATASETS.HOLD_OUT, or SOLVER.LR_SCHEDULER_NAME "
                "WarmupCosineLR"
            )
    wanted, cores = cfg.DATALOADER.NUM_WORKERS, available_cores()
    if wanted > cores and not cfg.DATASETS.IN_MEMORY:
        notes += (
            f"workers: {cores}, one for each core, not the {wanted} of DATALOADER.NUM_WORKERS",
        )
    if preprocessing is None:
        preprocessing = decided
        if cfg.INPUT.MEAN == "pixel" and len(decided.mean_image) != 3 * cfg.INPUT.SIZE**2:
            preprocessing = _with_mean_image(decided, splits["train"], build_views(cfg, decided))
    if len(preprocessing.mean_image) not in (0, 3 * cfg.INPUT.SIZE**2):
        side = round((len(preprocessing.mean_image) / 3) ** 0.5)
        raise ValueError(
            f"INPUT.SIZE must be {side}, the size of the mean image in use, got {cfg.INPUT.SIZE}; "
            "set it so, or INPUT.MEAN pixel in a new run for a mean image of that size"
        )
    notes += tuple(_missing_classes(splits))
    views = build_views(cfg, preprocessing)
    test_views = replace(views, size=cfg.INPUT.SIZE_TEST)
    return Task(model, preprocessing, splits, views, test_views, notes)


def _usable_splits(opened: Splits) -> tuple[dict[Split, Images], tuple[str, ...]]:
    """The splits that are there, and what is told of images that cannot be read.

    Raises: ValueError with the faults of all splits.
    """
    found: dict[Split, Images | None] = {
        "train": opened.train,
        "validation": opened.validation,
        "test": opened.test,
    }
    splits: dict[Split, Images] = {}
    notes: tuple[str, ...] = ()
    faults = []
    for name, images in found.items():
        if images is not None:
            try:
                splits[name], told = usable(images, name)
                notes += told
            except ValueError as fault:
                faults.append(str(fault))
    if faults:
        raise ValueError("\n".join(faults))
    return splits, notes


def _missing_classes(splits: Mapping[Split, Images]) -> Iterator[str]:
    for split, images in splits.items():
        present = set(images.labels.tolist())
        missing = [n for label, n in enumerate(images.class_names) if label not in present]
        if missing:
            listed = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            yield f"no {split} images of {count(len(missing), 'class', 'classes')}: {listed}"


def build_classifier(
    cfg: CfgNode, class_names: tuple[str, ...]
) -> tuple[Classifier, Preprocessing, tuple[str, ...]]:
    """Return the network, with MODEL.WEIGHTS inside if named, its preprocessing, and remarks.

    Raises: ValueError if MODEL.NUM_CLASSES is below the images', or the network lacks an argument.
    """
    num_classes = cfg.MODEL.NUM_CLASSES or len(class_names)
    if num_classes < len(class_names):
        raise ValueError(
            f"MODEL.NUM_CLASSES must be 0 or at least the {len(class_names)} classes of the "
            f"training images, got {num_classes}"
        )
    defaults = default_config().MODEL
    # a key at its default is left to the network, which may not know it
    arguments = {
        argument: cfg.MODEL[key]
        for key, argument in _ARGUMENTS.items()
        if cfg.MODEL[key] != defaults[key]
    }
    model = create(cfg.MODEL.NAME, num_classes=num_classes, **arguments)
    if not cfg.MODEL.WEIGHTS:
        return model, _preprocessing(cfg, None, class_names), ()
    weights = read_weights(cfg.MODEL.WEIGHTS, published_name(model.arch))
    same_classes = weights.preprocessing.class_names == class_names
    loaded = fill(model, weights, cfg.MODEL.WEIGHTS, drop_classifier=not same_classes)
    note = f"weights of {cfg.MODEL.WEIGHTS}"
    if loaded.dropped:
        note += f", without {', '.join(loaded.dropped)}: they name other classes"
    return model, _preprocessing(cfg, loaded.preprocessing, class_names), (note,)


def _preprocessing(
    cfg: CfgNode, weights: Preprocessing | None, class_names: tuple[str, ...]
) -> Preprocessing:
    order = cfg.INPUT.FORMAT or (weights.channel_order if weights else "RGB")
    image: tuple[float, ...] = ()
    if weights:
        mean, std = map(tuple, weights.pixel_mean_std())
        same = order == weights.channel_order
        if same and not cfg.INPUT.PIXEL_MEAN:
            image = tuple(value / weights.scale for value in weights.mean_image)
        elif not same:
            mean, std = mean[::-1], std[::-1]
    else:
        step = 1 if order == "RGB" else -1
        mean, std = IMAGENET_MEAN[::step], IMAGENET_STD[::step]
    return Preprocessing(
        channel_order=order,
        scale=1.0,
        mean=tuple(cfg.INPUT.PIXEL_MEAN) or mean,
        std=tuple(cfg.INPUT.PIXEL_STD) or std,
        class_names=class_names,
        mean_image=image,
    )


def _with_mean_image(preprocessing: Preprocessing, images: Images, views: Views) -> Preprocessing:
    """`preprocessing` that subtracts the mean of `images`, of each pixel."""
    image = mean_image(images, views)
    if preprocessing.channel_order == "BGR":
        image = image[..., ::-1]
    mean = tuple(float(x) for x in image.mean((0, 1)))
    return replace(preprocessing, mean=mean, mean_image=tuple(map(float, image.reshape(-1))))


@dataclass(frozen=True)
class Batches:
    """Batches of every split: from the device where images are `resident`, else from disk.

    A batch to train on is one of `parts` of an iteration.
    Shape: (n, size, size, 3) uint8 RGB, (n,) int64; n is this process's share.
    """

    task: Task
    images_per_iteration: int
    parts: int
    num_workers: int
    repetitions: int
    resident: Mapping[Split, ResidentImages]

    def train(self, seed: int, start_iteration: int) -> Iterator[Batch]:
        """Endless."""
        common: dict[str, Any] = {
            "batch_size": self.images_per_iteration // self.parts,
            "start_iteration": start_iteration * self.parts,
            **_ranks(),
        }
        views = self.task.views
        if self.resident:
            return resident_training_batches(self.resident["train"], views, seed=seed, **common)
        images = TrainingImages(self.task.splits["train"], views, seed, self.repetitions)
        return make_training_batches(images, num_workers=self.num_workers, **common)

    def once(self, split: Split) -> Iterator[Batch]:
        """Every image of a split, as tested; large enough to be fast, small enough to fit."""
        share = math.ceil(self.images_per_iteration / self.parts)
        common: dict[str, Any] = {
            "batch_size": max(1, share // distributed.world_size()),
            **_ranks(),
        }
        views = self.task.test_views
        if self.resident:
            return resident_test_batches(self.resident[split], views, **common)
        images = self.task.splits[split]
        return make_test_batches(images, views, num_workers=self.num_workers, **common)


def build_batches(cfg: CfgNode, task: Task, device: torch.device) -> Batches:
    """As DATALOADER, DATASETS.IN_MEMORY and SOLVER say."""
    held = task.splits.items() if cfg.DATASETS.IN_MEMORY else ()
    return Batches(
        task,
        images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
        parts=cfg.SOLVER.ACCUMULATION,
        num_workers=min(cfg.DATALOADER.NUM_WORKERS, available_cores()),
        repetitions=cfg.DATALOADER.REPETITIONS,
        resident={name: load_resident(images, device) for name, images in held},
    )


def _ranks() -> dict[str, int]:
    return {"rank": distributed.rank(), "world_size": distributed.world_size()}
