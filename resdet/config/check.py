"""Faults of a config that types cannot show, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fvcore.common.config import CfgNode

from backbones.config.load import ConfigError
from backbones.config.schema import get, value_faults
from backbones.plugins import HINT
from backbones.terminal.wording import nearest

RESNET = "build_resdet_resnet_backbone"
RESNET_FPN = "build_resdet_resnet_fpn_backbone"
VGG = "build_resdet_vgg_backbone"
VGG_FPN = "build_resdet_vgg_fpn_backbone"
NETWORK = "build_resdet_network_backbone"  # any other, by MODEL.BACKBONE.NETWORK
NETWORK_FPN = "build_resdet_network_fpn_backbone"

# what every engine can honour of the keys that detectron2 opens wider
ALLOWED: dict[str, tuple[Any, ...]] = {
    "VERSION": (2,),
    "MODEL.META_ARCHITECTURE": ("GeneralizedRCNN",),
    "MODEL.MASK_ON": (False,),
    "MODEL.KEYPOINT_ON": (False,),
    "MODEL.LOAD_PROPOSALS": (False,),
    "MODEL.BACKBONE.NAME": (RESNET, RESNET_FPN, VGG, VGG_FPN, NETWORK, NETWORK_FPN),
    "MODEL.RESNETS.DEPTH": (18, 34, 50, 101, 152),
    "MODEL.RESNETS.RES5_DILATION": (1, 2),
    "MODEL.RESNETS.NORM": ("FrozenBN", "BN", "SyncBN", "GN"),
    "MODEL.VGG.DEPTH": (16, 19),
    "MODEL.VGG.NORM": ("", "FrozenBN", "BN", "SyncBN", "GN"),
    "MODEL.FPN.NORM": ("", "BN", "SyncBN", "GN"),
    "MODEL.FPN.FUSE_TYPE": ("sum", "avg"),
    "MODEL.PROPOSAL_GENERATOR.NAME": ("RPN",),
    "MODEL.ANCHOR_GENERATOR.NAME": ("DefaultAnchorGenerator",),
    "MODEL.ANCHOR_GENERATOR.OFFSET": (0.0,),
    "MODEL.RPN.HEAD_NAME": ("StandardRPNHead",),
    "MODEL.RPN.IOU_LABELS": ([0, -1, 1],),
    "MODEL.RPN.BBOX_REG_LOSS_TYPE": ("smooth_l1",),
    "MODEL.RPN.CONV_DIMS": ([-1],),
    "MODEL.ROI_HEADS.NAME": ("StandardROIHeads", "ContextROIHeads"),
    "MODEL.ROI_HEADS.IOU_LABELS": ([0, 1],),
    "MODEL.ROI_HEADS.PROPOSAL_APPEND_GT": (True,),
    "MODEL.ROI_BOX_HEAD.NAME": ("Conv5Head", "FC6FC7Head"),
    "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_TYPE": ("smooth_l1",),
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": ("ROIAlignV2", "ROIAlign", "ROIPool"),
    "MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG": (False,),
    "MODEL.ROI_BOX_HEAD.TRAIN_ON_PRED_BOXES": (False,),
    "INPUT.MIN_SIZE_TRAIN_SAMPLING": ("choice",),
    "INPUT.RANDOM_FLIP": ("horizontal", "none"),
    "INPUT.CROP.TYPE": ("relative_range",),
    "INPUT.FORMAT": ("RGB", "BGR"),
    "DATALOADER.SAMPLER_TRAIN": ("TrainingSampler",),
    "SOLVER.LR_SCHEDULER_NAME": ("WarmupMultiStepLR", "WarmupCosineLR"),
    "SOLVER.WARMUP_METHOD": ("linear", "constant"),
    "SOLVER.CLIP_GRADIENTS.CLIP_TYPE": ("value", "norm"),
    "SOLVER.CLIP_GRADIENTS.NORM_TYPE": (2.0,),
    "SOLVER.AMP.PRECISION": ("bf16", "fp16"),
}

# what engine d2 honours besides: detectron2's own parts do it, torchvision's have no such choice
REGRESSION_LOSSES = ("smooth_l1", "giou", "diou", "ciou")
D2_ALLOWED: dict[str, tuple[Any, ...]] = {
    "MODEL.ANCHOR_GENERATOR.OFFSET": (0.0, 0.5),
    "MODEL.RPN.BBOX_REG_LOSS_TYPE": REGRESSION_LOSSES,
    "MODEL.ROI_HEADS.PROPOSAL_APPEND_GT": (True, False),
    "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_TYPE": REGRESSION_LOSSES,
    "MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG": (False, True),
}

POSITIVE = (
    *("MODEL.BACKBONE.WIDTH", "MODEL.PIXEL_STD", "MODEL.FPN.OUT_CHANNELS"),
    *("MODEL.ANCHOR_GENERATOR.SIZES", "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS"),
    *("MODEL.RPN.BATCH_SIZE_PER_IMAGE", "MODEL.RPN.BBOX_REG_WEIGHTS"),
    *("MODEL.RPN.PRE_NMS_TOPK_TRAIN", "MODEL.RPN.PRE_NMS_TOPK_TEST"),
    *("MODEL.RPN.POST_NMS_TOPK_TRAIN", "MODEL.RPN.POST_NMS_TOPK_TEST"),
    *("MODEL.ROI_HEADS.NUM_CLASSES", "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE"),
    *("MODEL.ROI_BOX_HEAD.FC_DIM", "MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS"),
    "MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION",
    *("INPUT.MIN_SIZE_TRAIN", "INPUT.MAX_SIZE_TRAIN", "INPUT.MIN_SIZE_TEST"),
    *("INPUT.MAX_SIZE_TEST", "INPUT.SCALE_JITTER"),
    *("SOLVER.MAX_ITER", "SOLVER.BASE_LR", "SOLVER.GAMMA", "SOLVER.IMS_PER_BATCH"),
    *("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", "TEST.DETECTIONS_PER_IMAGE"),
)
NON_NEGATIVE = (
    *("MODEL.BACKBONE.FREEZE_AT", "MODEL.PROPOSAL_GENERATOR.MIN_SIZE"),
    *("MODEL.RPN.SMOOTH_L1_BETA", "MODEL.RPN.LOSS_WEIGHT", "MODEL.RPN.BBOX_REG_LOSS_WEIGHT"),
    *("MODEL.ROI_BOX_HEAD.SMOOTH_L1_BETA", "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_WEIGHT"),
    *("MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO", "DATALOADER.NUM_WORKERS"),
    *("SOLVER.WARMUP_ITERS", "SOLVER.WEIGHT_DECAY", "SOLVER.WEIGHT_DECAY_NORM"),
    *("SOLVER.WEIGHT_DECAY_BIAS", "SOLVER.BIAS_LR_FACTOR", "SOLVER.BASE_LR_END"),
    *("SOLVER.CHECKPOINT_PERIOD", "SOLVER.REFERENCE_IMS_PER_BATCH", "TEST.EVAL_PERIOD"),
    *("SOLVER.CHECKPOINT_KEEP", "TEST.AUG.MAX_SIZE", "TEST.PICTURES"),
)
FRACTION = (
    *("MODEL.RPN.IOU_THRESHOLDS", "MODEL.RPN.POSITIVE_FRACTION", "MODEL.RPN.NMS_THRESH"),
    *("MODEL.ROI_HEADS.IOU_THRESHOLDS", "MODEL.ROI_HEADS.POSITIVE_FRACTION"),
    *("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "MODEL.ROI_HEADS.NMS_THRESH_TEST"),
    *("MODEL.ROI_BOX_HEAD.DROPOUT", "INPUT.COLOR_JITTER", "INPUT.CROP.SIZE"),
    *("SOLVER.MOMENTUM", "SOLVER.WARMUP_FACTOR"),
)
LENGTHS = {
    "MODEL.PIXEL_MEAN": 3,
    "MODEL.PIXEL_STD": 3,
    "MODEL.RPN.IOU_THRESHOLDS": 2,
    "MODEL.RPN.BBOX_REG_WEIGHTS": 4,
    "MODEL.ROI_HEADS.IOU_THRESHOLDS": 1,
    "MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS": 4,
    "INPUT.CROP.SIZE": 2,
    "INPUT.SCALE_JITTER": 2,
}
NAMES = (
    *("DATASETS.TRAIN", "DATASETS.TEST", "DATASETS.CLASSES", "MODEL.FPN.IN_FEATURES"),
    "TEST.ENSEMBLE",
)


def check(
    cfg: CfgNode, *, engine: str = "tv", heads: Sequence[str] = (), training: bool = True
) -> None:
    """Refuse what `engine` cannot build or train as written; `heads`: names of added box heads.

    Raises: ConfigError with every fault: key, what it must be, its value, the way out.
    """
    faults = [*_values(cfg, engine, heads), *_structure(cfg)]
    if training:
        faults += _training(cfg)
    if faults:
        raise ConfigError("config", faults)


def uses_fpn(cfg: CfgNode) -> bool:
    """True if the backbone's name asks for a feature pyramid."""
    return str(cfg.MODEL.BACKBONE.NAME) in (RESNET_FPN, VGG_FPN, NETWORK_FPN)


def uses_vgg(cfg: CfgNode) -> bool:
    """True if the backbone's name asks for VGG."""
    return str(cfg.MODEL.BACKBONE.NAME) in (VGG, VGG_FPN)


def uses_network(cfg: CfgNode) -> bool:
    """True if the backbone is one whose stages are not known before it is built."""
    return str(cfg.MODEL.BACKBONE.NAME) in (NETWORK, NETWORK_FPN)


def _values(cfg: CfgNode, engine: str, added: Sequence[str]) -> Iterator[str]:
    everywhere = {key: values for key, values in ALLOWED.items() if key not in D2_ALLOWED}
    heads = (*everywhere.pop("MODEL.ROI_BOX_HEAD.NAME"), *added)
    head = get(cfg, "MODEL.ROI_BOX_HEAD.NAME")
    if head not in heads:
        hint = nearest(head, heads) or HINT
        yield f"MODEL.ROI_BOX_HEAD.NAME must be {' or '.join(map(repr, heads))}, got {head!r}{hint}"
    yield from value_faults(cfg, everywhere, POSITIVE, NON_NEGATIVE, FRACTION)
    for key, values in D2_ALLOWED.items():
        found = get(cfg, key)
        allowed = values if engine == "d2" else ALLOWED[key]
        if found not in allowed:
            hint = "; give --engine d2, which can" if found in values else ""
            yield f"{key} must be {' or '.join(map(repr, allowed))}, got {found!r}{hint}"
    for key, length in LENGTHS.items():
        if len(get(cfg, key)) != length:
            yield f"{key} must hold {length} number(s), got {get(cfg, key)!r}"
    for key in NAMES:
        if not all(isinstance(name, str) for name in get(cfg, key)):
            yield f"{key} must be a list of names, got {get(cfg, key)!r}"
    for key in ("TEST.AUG.MIN_SIZES", "TEST.MAXOUT_SIZES"):
        sizes = list(get(cfg, key))
        sound = all(isinstance(size, int) and size > 0 for size in sizes)
        if not sound or sizes != sorted(set(sizes)):
            yield f"{key} must be pixels of the shorter side, rising, got {sizes!r}"
    for key in ("INPUT.SCALE_JITTER", "MODEL.RPN.IOU_THRESHOLDS"):
        if list(get(cfg, key)) != sorted(get(cfg, key)):
            yield f"{key} must be [low, high], got {get(cfg, key)!r}"


def _structure(cfg: CfgNode) -> Iterator[str]:
    model = cfg.MODEL
    if uses_network(cfg) != bool(model.BACKBONE.NETWORK):
        yield (
            f"MODEL.BACKBONE.NETWORK must be a name of backbones.names() with {NETWORK} or "
            f"{NETWORK_FPN}, and empty without, got {model.BACKBONE.NETWORK!r} with "
            f"{model.BACKBONE.NAME}"
        )
    if uses_network(cfg):  # its stages are compared when it is built
        return
    stages = _stages(cfg)
    head = model.ROI_BOX_HEAD.NAME
    if uses_fpn(cfg):
        levels = _levels(cfg)
        unknown = set(model.FPN.IN_FEATURES) - set(stages)
        if unknown or not model.FPN.IN_FEATURES:
            yield f"MODEL.FPN.IN_FEATURES must be of {stages}, got {model.FPN.IN_FEATURES}"
        if head == "Conv5Head":
            yield "MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head' on an FPN, got 'Conv5Head'"
    else:
        levels = stages[:-1] if head == "Conv5Head" else stages
        if head == "Conv5Head" and uses_vgg(cfg):
            yield "MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head' for VGG, got 'Conv5Head'"
    for key in ("RPN", "ROI_HEADS"):
        features = list(model[key].IN_FEATURES)
        if not features or not set(features) <= set(levels):
            yield f"MODEL.{key}.IN_FEATURES must be of {levels}, got {features}"
        elif not uses_fpn(cfg) and len(features) != 1:
            yield f"MODEL.{key}.IN_FEATURES must be one stage without an FPN, got {features}"
        elif key == "ROI_HEADS" and "".join(features) not in "".join(levels):
            yield f"MODEL.{key}.IN_FEATURES must follow each other in {levels}, got {features}"
    wanted = set(model.FPN.IN_FEATURES if uses_fpn(cfg) else model.RPN.IN_FEATURES)
    if not uses_vgg(cfg) and not wanted <= set(model.RESNETS.OUT_FEATURES):
        yield (
            f"MODEL.RESNETS.OUT_FEATURES must hold {sorted(wanted)}, which the detector reads, "
            f"got {model.RESNETS.OUT_FEATURES}"
        )
    if model.RESNETS.RES5_DILATION != 1 and not uses_vgg(cfg):
        spoilt = uses_fpn(cfg) or head == "Conv5Head" or model.RESNETS.DEPTH < 50
        if spoilt:
            yield (
                "MODEL.RESNETS.RES5_DILATION must be 1 on an FPN, under Conv5Head and below depth "
                f"50, got {model.RESNETS.RES5_DILATION}"
            )
    for key in ("SIZES", "ASPECT_RATIOS"):
        rows = model.ANCHOR_GENERATOR[key]
        if len(rows) not in (1, len(model.RPN.IN_FEATURES)):
            yield (
                f"MODEL.ANCHOR_GENERATOR.{key} must have 1 row or one for each of "
                f"MODEL.RPN.IN_FEATURES ({len(model.RPN.IN_FEATURES)}), got {len(rows)}"
            )


def _stages(cfg: CfgNode) -> list[str]:
    if uses_vgg(cfg):
        return [f"conv{i}" for i in range(1, 6)]
    return [f"res{i}" for i in range(2, 6)]


def _levels(cfg: CfgNode) -> list[str]:
    """The pyramid's levels, called after their strides, and one pooled from the last."""
    above = 1 if uses_vgg(cfg) else 0  # conv3 and res2 have stride 4
    numbers = [int(name[-1]) - above for name in cfg.MODEL.FPN.IN_FEATURES if name[-1:].isdigit()]
    return [f"p{n}" for n in [*numbers, *(n + 1 for n in numbers[-1:])]]


def _training(cfg: CfgNode) -> Iterator[str]:
    if not cfg.DATASETS.TRAIN:
        yield "DATASETS.TRAIN must name a dataset, got none; name one, or give --data DIR"
