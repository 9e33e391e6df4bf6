"""The keys that train a classifier, each with its default, and the faults types cannot show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fvcore.common.config import CfgNode

from backbones.config.load import ConfigError, load
from backbones.files import shipped

CONFIG_FOLDER = shipped.folder("configs") / "backbones"

# Weights & Biases, beside TensorBoard
WANDB: dict[str, Any] = {
    "ENABLED": False,
    "PROJECT": "resdet",
    "NAME": "",  # of the run; "" is the name of its folder
}
DEFAULTS: dict[str, Any] = {
    "MODEL": {
        "NAME": "resnet18",
        "WEIGHTS": "",  # a file, torchvision:<weights>, or "" for random ones
        "WIDTH": 1.0,  # factor on every channel count
        "NORM": "",  # frozen, bn, sync, gn; "" is bn, and none in a VGG
        "NUM_CLASSES": 0,  # 0: as many as the training images have
        "STRIDE_IN_1X1": True,
        "SHORTCUT": "",  # A, B, C; "" is the network's own: B for ImageNet, A for CIFAR
        "ACTIVATION_CHECKPOINTING": False,  # memory of about the root of the depth, a third slower
        "COMPILE": False,  # torch.compile
        "DEVICE": "",  # "" is cuda where present
    },
    "DATASETS": {
        "ROOT": "",  # train/<class>/*, tar shards, or CIFAR as torchvision stores it
        "HOLD_OUT": 0,  # images of the training split kept back for validation
        "IN_MEMORY": False,  # images of one size lie on the device and are augmented there
    },
    "DATALOADER": {
        "NUM_WORKERS": 4,
        "REPETITIONS": 1,  # views of an image in an epoch (repeated augmentation)
    },
    "INPUT": {
        "SIZE": 224,
        "SIZE_TEST": 0,  # 0: SIZE
        "CROP": "scale",  # of a scaled image, of a padded one ("pad"), of a random area ("area")
        "MIN_SIZE_TRAIN": [],  # range of the shorter side before the crop; [] is the paper's
        "MIN_SIZE_TEST": 0,  # shorter side before the centre crop; 0 is the paper's
        "PADDING": 4,  # pixels on each side, where CROP is "pad"
        "RANDOM_FLIP": "horizontal",
        "COLOR_AUGMENTATION": "none",
        "TRIVIAL_AUGMENT": False,
        "RANDOM_ERASING": 0.0,  # probability
        "MIXUP_ALPHA": 0.0,  # 0: none
        "CUTMIX_ALPHA": 0.0,
        "MEAN": "channel",  # or "pixel": a mean image of the training data, made before training
        "FORMAT": "",  # "", [] and [] take what MODEL.WEIGHTS were trained with,
        "PIXEL_MEAN": [],  # else RGB and the statistics of ImageNet; unit: pixel in 0..255
        "PIXEL_STD": [],
    },
    "SOLVER": {
        "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
        "MAX_ITER": 600000,
        "BASE_LR": 0.1,
        "BASE_LR_END": 0.0,  # of WarmupCosineLR
        "STEPS": [150000, 300000, 450000],  # of WarmupMultiStepLR
        "GAMMA": 0.1,
        "PLATEAU": {  # of WarmupPlateauLR: GAMMA once more after each
            "PATIENCE": 5,  # evaluations in a row without an error lower
            "THRESHOLD": 0.0,  # by more than this, percent
        },
        "WARMUP_ITERS": 0,
        "WARMUP_FACTOR": 0.001,
        "WARMUP_METHOD": "linear",
        "WARMUP_UNTIL_ERROR": 0.0,  # percent; > 0: WARMUP_FACTOR until the training error is lower
        "MOMENTUM": 0.9,
        "NESTEROV": False,
        "WEIGHT_DECAY": 0.0001,
        "WEIGHT_DECAY_NORM": None,  # None: WEIGHT_DECAY, as the paper decays every parameter
        "WEIGHT_DECAY_BIAS": None,
        "BIAS_LR_FACTOR": 1.0,
        "LABEL_SMOOTHING": 0.0,
        "IMS_PER_BATCH": 256,
        "REFERENCE_IMS_PER_BATCH": 0,  # the batch BASE_LR was chosen for; 0: IMS_PER_BATCH
        "ACCUMULATION": 1,  # parts of a batch whose gradients are summed before a step
        "CHECKPOINT_PERIOD": 5000,
        "CHECKPOINT_KEEP": 3,  # the newest states, 0: all
        "ROLL_BACK": False,  # a loss not finite: once back to the last state, at half the rate
        "CLIP_GRADIENTS": {"ENABLED": False, "CLIP_TYPE": "value", "CLIP_VALUE": 1.0},
        "AMP": {"ENABLED": False, "PRECISION": "bf16"},
        "CUDA_GRAPHS": False,  # on one GPU, record forward and backward once and replay them
        "EMA": {"ENABLED": False, "DECAY": 0.999, "PERIOD": 32},  # averaged weights; iterations
    },
    "TEST": {
        "EVAL_PERIOD": 0,
        "PRECISE_BN": {"ENABLED": False, "NUM_ITER": 200},  # statistics as averages over batches
        "PICTURES": 8,  # test images drawn for the boards at each evaluation, with their names
    },
    "WANDB": WANDB,
    "SEED": -1,  # -1 draws one
    "OUTPUT_DIR": "./output",
}

ALLOWED: dict[str, tuple[Any, ...]] = {
    "MODEL.NORM": ("", "frozen", "bn", "sync", "gn", "FrozenBN", "BN", "SyncBN", "GN"),
    "MODEL.SHORTCUT": ("", "A", "B", "C"),
    "INPUT.CROP": ("scale", "pad", "area"),
    "INPUT.RANDOM_FLIP": ("horizontal", "none"),
    "INPUT.COLOR_AUGMENTATION": ("none", "alexnet"),
    "INPUT.MEAN": ("channel", "pixel"),
    "INPUT.FORMAT": ("", "RGB", "BGR"),
    "SOLVER.LR_SCHEDULER_NAME": ("WarmupMultiStepLR", "WarmupCosineLR", "WarmupPlateauLR"),
    "SOLVER.WARMUP_METHOD": ("linear", "constant"),
    "SOLVER.CLIP_GRADIENTS.CLIP_TYPE": ("value", "norm"),
    "SOLVER.AMP.PRECISION": ("bf16", "fp16"),
}

POSITIVE = (
    *("MODEL.WIDTH", "DATALOADER.REPETITIONS", "INPUT.SIZE", "SOLVER.MAX_ITER", "SOLVER.BASE_LR"),
    *("SOLVER.GAMMA", "SOLVER.PLATEAU.PATIENCE", "SOLVER.IMS_PER_BATCH", "SOLVER.ACCUMULATION"),
    *("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", "SOLVER.EMA.PERIOD", "TEST.PRECISE_BN.NUM_ITER"),
)
NON_NEGATIVE = (
    *("MODEL.NUM_CLASSES", "DATASETS.HOLD_OUT", "DATALOADER.NUM_WORKERS", "INPUT.PADDING"),
    "TEST.PICTURES",
    *(
        "INPUT.SIZE_TEST",
        "INPUT.MIN_SIZE_TEST",
        "INPUT.MIXUP_ALPHA",
        "INPUT.CUTMIX_ALPHA",
        "SOLVER.BASE_LR_END",
    ),
    *("SOLVER.PLATEAU.THRESHOLD", "SOLVER.WARMUP_ITERS", "SOLVER.WARMUP_UNTIL_ERROR"),
    *("SOLVER.WEIGHT_DECAY", "SOLVER.WEIGHT_DECAY_NORM", "SOLVER.WEIGHT_DECAY_BIAS"),
    *("SOLVER.BIAS_LR_FACTOR", "SOLVER.REFERENCE_IMS_PER_BATCH", "SOLVER.CHECKPOINT_PERIOD"),
    *("SOLVER.CHECKPOINT_KEEP", "TEST.EVAL_PERIOD"),
)
FRACTION = (
    *("INPUT.RANDOM_ERASING", "SOLVER.MOMENTUM", "SOLVER.LABEL_SMOOTHING", "SOLVER.EMA.DECAY"),
)
# in the order in which `value_faults` takes their keys
RANGES: dict[str, Callable[[float], bool]] = {
    "> 0": lambda x: x > 0,
    ">= 0": lambda x: x >= 0,
    "in [0, 1]": lambda x: 0 <= x <= 1,
}
SMALLEST_VGG_INPUT = 32  # five pools halve it
# Source: He et al. 2016, Section 3.4: shorter side in [256, 480] for a crop of 224, 256 in tests
SHORTER_SIDES = (256 / 224, 480 / 224)


def default_config() -> CfgNode:
    """Every key we honour with its default."""
    return CfgNode(DEFAULTS).clone()


def load_classification(name_or_path: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`imagenet_resnet18`, `imagenet_resnet18.yaml` or a path, then `KEY VALUE` pairs; checked.

    Sizes that follow from INPUT.SIZE are filled in: what a run records is what it did.
    Raises: ConfigError with every fault at once.
    """
    cfg = load(default_config(), name_or_path, overrides, folder=CONFIG_FOLDER)
    size = cfg.INPUT.SIZE
    padded = cfg.INPUT.CROP == "pad"
    low, high = (round(size * (1.0 if padded else factor)) for factor in SHORTER_SIDES)
    cfg.INPUT.SIZE_TEST = cfg.INPUT.SIZE_TEST or size
    cfg.INPUT.MIN_SIZE_TRAIN = cfg.INPUT.MIN_SIZE_TRAIN or [low, high]
    cfg.INPUT.MIN_SIZE_TEST = cfg.INPUT.MIN_SIZE_TEST or low
    check(cfg)
    return cfg


def check(cfg: CfgNode) -> None:
    """Raise a ConfigError with every value that cannot be trained as written."""
    positive = [*POSITIVE, *(["INPUT.PIXEL_STD"] if cfg.INPUT.PIXEL_STD else [])]
    faults = [
        *value_faults(cfg, ALLOWED, positive, NON_NEGATIVE, FRACTION),
        *_input_faults(cfg),
        *_solver_faults(cfg),
    ]
    if not cfg.DATASETS.ROOT:
        faults.append("DATASETS.ROOT must be a folder of train/<class>/ images, got none")
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
    if cfg.INPUT.CROP == "scale" and (len(sizes) != 2 or not size <= sizes[0] <= sizes[1]):
        yield f"INPUT.MIN_SIZE_TRAIN must be [low, high] with {size} <= low <= high, got {sizes}"
    size_test, shorter_side = cfg.INPUT.SIZE_TEST, cfg.INPUT.MIN_SIZE_TEST
    if size_test > shorter_side:
        yield f"INPUT.MIN_SIZE_TEST must be >= INPUT.SIZE_TEST {size_test}, got {shorter_side}"
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        values = cfg.INPUT[key]
        if len(values) not in (0, 3) or any(math.isnan(x) for x in _numbers(values)):
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


def _solver_faults(cfg: CfgNode) -> Iterator[str]:
    solver = cfg.SOLVER
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
