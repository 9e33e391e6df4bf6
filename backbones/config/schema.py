"""The keys that train a classifier, each with its default, and the faults types cannot show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fvcore.common.config import CfgNode

from backbones.config.load import ConfigError, load

CONFIG_FOLDER = Path(__file__).resolve().parents[2] / "configs" / "backbones"

DEFAULTS: dict[str, Any] = {
    "MODEL": {
        "NAME": "resnet18",
        "WEIGHTS": "",  # a file of ours, torchvision:<weights>, or "" for random ones
        "WIDTH": 1.0,  # factor on every channel count
        "NORM": "",  # frozen, bn, sync, gn; "" is bn, and none in a VGG
        "NUM_CLASSES": 0,  # 0: as many as the training folder has
        "STRIDE_IN_1X1": True,
        "SHORTCUT": "B",
        "DEVICE": "",  # "" is cuda where present
    },
    "DATASETS": {"ROOT": ""},  # train/<class>/*, and val/<class>/* or test/<class>/*
    "DATALOADER": {"NUM_WORKERS": 4},
    "INPUT": {
        "SIZE": 224,
        "MIN_SIZE_TRAIN": [256, 480],  # range of the shorter side before the random crop
        "MIN_SIZE_TEST": 256,  # shorter side before the centre crop
        "RANDOM_FLIP": "horizontal",
        "FORMAT": "",  # "", [] and [] take what MODEL.WEIGHTS were trained with,
        "PIXEL_MEAN": [],  # else RGB and the statistics of ImageNet; unit: pixel in 0..255
        "PIXEL_STD": [],
    },
    "SOLVER": {
        "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
        "MAX_ITER": 600000,
        "BASE_LR": 0.1,
        "BASE_LR_END": 0.0,  # of WarmupCosineLR
        "STEPS": [150000, 300000, 450000],
        "GAMMA": 0.1,
        "WARMUP_ITERS": 0,
        "WARMUP_FACTOR": 0.001,
        "WARMUP_METHOD": "linear",
        "MOMENTUM": 0.9,
        "NESTEROV": False,
        "WEIGHT_DECAY": 0.0001,
        "WEIGHT_DECAY_NORM": None,  # None: WEIGHT_DECAY, as the paper decays every parameter
        "WEIGHT_DECAY_BIAS": None,
        "BIAS_LR_FACTOR": 1.0,
        "IMS_PER_BATCH": 256,
        "REFERENCE_IMS_PER_BATCH": 0,  # the batch BASE_LR was chosen for; 0: IMS_PER_BATCH
        "CHECKPOINT_PERIOD": 5000,
        "CLIP_GRADIENTS": {"ENABLED": False, "CLIP_TYPE": "value", "CLIP_VALUE": 1.0},
        "AMP": {"ENABLED": False, "PRECISION": "bf16"},
    },
    "TEST": {"EVAL_PERIOD": 0},
    "SEED": -1,  # -1 draws one
    "OUTPUT_DIR": "./output",
}

ALLOWED: dict[str, tuple[Any, ...]] = {
    "MODEL.NORM": ("", "frozen", "bn", "sync", "gn", "FrozenBN", "BN", "SyncBN", "GN"),
    "MODEL.SHORTCUT": ("A", "B", "C"),
    "INPUT.RANDOM_FLIP": ("horizontal", "none"),
    "INPUT.FORMAT": ("", "RGB", "BGR"),
    "SOLVER.LR_SCHEDULER_NAME": ("WarmupMultiStepLR", "WarmupCosineLR"),
    "SOLVER.WARMUP_METHOD": ("linear", "constant"),
    "SOLVER.CLIP_GRADIENTS.CLIP_TYPE": ("value", "norm"),
    "SOLVER.AMP.PRECISION": ("bf16", "fp16"),
}

POSITIVE = (
    *("MODEL.WIDTH", "INPUT.SIZE", "SOLVER.MAX_ITER", "SOLVER.BASE_LR", "SOLVER.GAMMA"),
    *("SOLVER.IMS_PER_BATCH", "SOLVER.CLIP_GRADIENTS.CLIP_VALUE"),
)
NON_NEGATIVE = (
    *("MODEL.NUM_CLASSES", "DATALOADER.NUM_WORKERS", "SOLVER.BASE_LR_END", "SOLVER.WARMUP_ITERS"),
    *("SOLVER.WEIGHT_DECAY", "SOLVER.WEIGHT_DECAY_NORM", "SOLVER.WEIGHT_DECAY_BIAS"),
    *("SOLVER.BIAS_LR_FACTOR", "SOLVER.REFERENCE_IMS_PER_BATCH", "SOLVER.CHECKPOINT_PERIOD"),
    "TEST.EVAL_PERIOD",
)
FRACTION = ("SOLVER.MOMENTUM",)
# in the order in which `value_faults` takes their keys
RANGES: dict[str, Callable[[float], bool]] = {
    "> 0": lambda x: x > 0,
    ">= 0": lambda x: x >= 0,
    "in [0, 1]": lambda x: 0 <= x <= 1,
}
SMALLEST_VGG_INPUT = 32  # five pools halve it


def default_config() -> CfgNode:
    """Every key we honour with its default."""
    return CfgNode(DEFAULTS).clone()


def load_classification(name_or_path: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`imagenet_resnet18`, `imagenet_resnet18.yaml` or a path, then `KEY VALUE` pairs; checked.

    Raises: ConfigError with every fault at once.
    """
    cfg = load(default_config(), name_or_path, overrides, folder=CONFIG_FOLDER)
    check(cfg)
    return cfg


def check(cfg: CfgNode) -> None:
    """Raise a ConfigError with every value that cannot be trained as written."""
    positive = [*POSITIVE, *(["INPUT.PIXEL_STD"] if cfg.INPUT.PIXEL_STD else [])]
    faults = [*value_faults(cfg, ALLOWED, positive, NON_NEGATIVE, FRACTION), *_input_faults(cfg)]
    if not cfg.DATASETS.ROOT:
        faults.append("DATASETS.ROOT must be a folder of train/<class>/ images, got none")
    if cfg.SOLVER.WARMUP_ITERS and not 0 < cfg.SOLVER.WARMUP_FACTOR <= 1:
        faults.append(f"SOLVER.WARMUP_FACTOR must be in (0, 1], got {cfg.SOLVER.WARMUP_FACTOR}")
    if faults:
        raise ConfigError("config", faults)


def value_faults(
    cfg: CfgNode,
    allowed: Mapping[str, Sequence[Any]],
    positive: Sequence[str] = (),
    non_negative: Sequence[str] = (),
    fraction: Sequence[str] = (),
) -> Iterator[str]:
    """One line for each key outside its allowed values or its range, or not finite.

    A range holds for every number of a list, of which there must be one; None stands for 0.
    """
    for key, values in allowed.items():
        if get(cfg, key) not in values:
            yield f"{key} must be {' or '.join(map(repr, values))}, got {get(cfg, key)!r}"
    ranged = dict(zip(RANGES, (positive, non_negative, fraction), strict=True))
    for expected, keys in ranged.items():
        for key in keys:
            numbers = list(_numbers(get(cfg, key)))
            if not numbers or not all(math.isfinite(x) and RANGES[expected](x) for x in numbers):
                yield f"{key} must be {expected}, got {get(cfg, key)!r}"
    told = {key for keys in ranged.values() for key in keys}
    for key, value in _leaves(cfg):
        if key not in told and any(isinstance(x, float) and not math.isfinite(x) for x in value):
            yield f"{key} must be finite, got {get(cfg, key)!r}"


def get(cfg: CfgNode, key: str) -> Any:
    """The value at "A.B.C"."""
    node: Any = cfg
    for part in key.split("."):
        node = node[part]
    return node


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every key with the plain values in it."""
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", list(_plain(value))


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _plain(item)
    else:
        yield value


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a value; 0 for None, NaN for what is no number."""
    for x in _plain(value):
        number = isinstance(x, (int, float)) and not isinstance(x, bool)
        yield float(x or 0) if number or x is None else math.nan


def _input_faults(cfg: CfgNode) -> Iterator[str]:
    size, sizes = cfg.INPUT.SIZE, cfg.INPUT.MIN_SIZE_TRAIN
    if len(sizes) != 2 or not size <= sizes[0] <= sizes[1]:
        yield f"INPUT.MIN_SIZE_TRAIN must be [low, high] with {size} <= low <= high, got {sizes}"
    if size > cfg.INPUT.MIN_SIZE_TEST:
        yield f"INPUT.MIN_SIZE_TEST must be >= INPUT.SIZE {size}, got {cfg.INPUT.MIN_SIZE_TEST}"
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        values = cfg.INPUT[key]
        if len(values) not in (0, 3) or any(math.isnan(x) for x in _numbers(values)):
            yield f"INPUT.{key} must hold 3 numbers or none, got {values}"
    if cfg.MODEL.NAME.startswith("vgg") and 0 < size < SMALLEST_VGG_INPUT:
        yield f"INPUT.SIZE must be >= {SMALLEST_VGG_INPUT} for {cfg.MODEL.NAME}, got {size}"
