"""Faults of a config of classification that types cannot show, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fvcore.common.config import CfgNode

from backbones.config.keys import numbers_of, value_faults
from backbones.config.load import ConfigError
from backbones.config.schema import KEYS

SMALLEST_VGG_INPUT = 32  # five pools halve it


def check(cfg: CfgNode) -> None:
    """Raise a ConfigError with every value that cannot be trained as written."""
    faults = [*value_faults(cfg, KEYS), *_input_faults(cfg), *_solver_faults(cfg)]
    if not cfg.DATASETS.ROOT:
        faults.append("DATASETS.ROOT must be a folder of train/<class>/ images, got none")
    if faults:
        raise ConfigError("config", faults)


def _input_faults(cfg: CfgNode) -> Iterator[str]:
    size, sizes = cfg.INPUT.SIZE, cfg.INPUT.MIN_SIZE_TRAIN
    if cfg.INPUT.CROP == "scale" and (len(sizes) != 2 or not size <= sizes[0] <= sizes[1]):
        yield f"INPUT.MIN_SIZE_TRAIN must be [low, high] with {size} <= low <= high, got {sizes}"
    size_test, shorter_side = cfg.INPUT.SIZE_TEST, cfg.INPUT.MIN_SIZE_TEST
    if size_test > shorter_side:
        yield f"INPUT.MIN_SIZE_TEST must be >= INPUT.SIZE_TEST {size_test}, got {shorter_side}"
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        values = cfg.INPUT[key]
        if len(values) not in (0, 3) or any(math.isnan(x) for x in numbers_of(values)):
            yield f"INPUT.{key} must hold 3 numbers or none, got {values}"
    if cfg.MODEL.NAME.startswith("vgg") and 0 < size < SMALLEST_VGG_INPUT:
        yield f"INPUT.SIZE must be >= {SMALLEST_VGG_INPUT} for {cfg.MODEL.NAME}, got {size}"
    if cfg.INPUT.MEAN == "pixel" and size_test != size:
        yield f"INPUT.SIZE_TEST must be INPUT.SIZE {size} where MEAN is pixel, got {size_test}"
    if cfg.INPUT.MEAN == "pixel" and cfg.INPUT.PIXEL_MEAN:
        yield f"INPUT.PIXEL_MEAN must be [] where MEAN is pixel, got {cfg.INPUT.PIXEL_MEAN}"
    if cfg.DATASETS.IN_MEMORY:
        yield from _in_memory_faults(cfg)


def _in_memory_faults(cfg: CfgNode) -> Iterator[str]:
    """What images on the device cannot be put through."""
    plain = {"CROP": "pad", "COLOR_AUGMENTATION": "none", "TRIVIAL_AUGMENT": False}
    for key, value in {**plain, "RANDOM_ERASING": 0.0}.items():
        if cfg.INPUT[key] != value:
            got = cfg.INPUT[key]
            yield f"INPUT.{key} must be {value!r} with DATASETS.IN_MEMORY, got {got!r}"
    if cfg.DATALOADER.REPETITIONS > 1:
        got = cfg.DATALOADER.REPETITIONS
        yield f"DATALOADER.REPETITIONS must be 1 with DATASETS.IN_MEMORY, got {got}"


def optimizer_faults(cfg: CfgNode) -> Iterator[str]:
    """What SOLVER says that its OPTIMIZER does not do."""
    solver = cfg.SOLVER
    if solver.OPTIMIZER == "ADAMW":
        if solver.NESTEROV:
            yield "SOLVER.NESTEROV must be False with ADAMW, got True"
        if solver.MOMENTUM == 1:
            yield f"SOLVER.MOMENTUM must be < 1 with ADAMW, got {solver.MOMENTUM}"


def _hinge_faults(cfg: CfgNode) -> Iterator[str]:
    """What shares a target among classes, of which a margin knows one."""
    shared = {
        "SOLVER.LABEL_SMOOTHING": cfg.SOLVER.LABEL_SMOOTHING,
        "INPUT.MIXUP_ALPHA": cfg.INPUT.MIXUP_ALPHA,
        "INPUT.CUTMIX_ALPHA": cfg.INPUT.CUTMIX_ALPHA,
    }
    for key, value in shared.items():
        if value:
            yield f"{key} must be 0 with SOLVER.LOSS {cfg.SOLVER.LOSS}, got {value}"


def _solver_faults(cfg: CfgNode) -> Iterator[str]:
    solver = cfg.SOLVER
    yield from optimizer_faults(cfg)
    if solver.LOSS != "cross_entropy":
        yield from _hinge_faults(cfg)
    warms_up = solver.WARMUP_ITERS > 0 or solver.WARMUP_UNTIL_ERROR > 0
    if warms_up and not 0 < solver.WARMUP_FACTOR <= 1:
        yield f"SOLVER.WARMUP_FACTOR must be in (0, 1], got {solver.WARMUP_FACTOR}"
    if solver.WARMUP_ITERS and solver.WARMUP_UNTIL_ERROR:
        yield (
            "SOLVER.WARMUP_ITERS must be 0 where WARMUP_UNTIL_ERROR ends the warm-up, "
            f"got {solver.WARMUP_ITERS}"
        )
    if solver.WARMUP_UNTIL_ERROR and (cfg.INPUT.MIXUP_ALPHA or cfg.INPUT.CUTMIX_ALPHA):
        yield (
            "SOLVER.WARMUP_UNTIL_ERROR must be 0 with mixup or CutMix, which leave no training "
            f"error, got {solver.WARMUP_UNTIL_ERROR}"
        )
    if solver.LR_SCHEDULER_NAME == "WarmupPlateauLR" and not cfg.TEST.EVAL_PERIOD:
        yield "TEST.EVAL_PERIOD must be > 0 for WarmupPlateauLR, which watches the error, got 0"
    if solver.ACCUMULATION > 0 and solver.IMS_PER_BATCH % solver.ACCUMULATION:
        yield (
            f"SOLVER.IMS_PER_BATCH must be a multiple of ACCUMULATION {solver.ACCUMULATION}, "
            f"got {solver.IMS_PER_BATCH}"
        )
