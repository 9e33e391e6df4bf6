"""Detectors that detectron2 trained with its own parts, as checkpoints of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from fvcore.common.config import CfgNode
from torch import Tensor

from backbones.layers import scale_channels
from backbones.weights.soundness import check_weights
from backbones.weights.wrappers import unwrapped
from resdet import config
from resdet.checkpoints import detectron2_names
from resdet.checkpoints.detectron2_names import C4, DC5, FPN, STAGES, Layout
from resdet.config.backbones import RESNET, RESNET_FPN
from resdet.structures.classes import COCO_CLASSES, VOC_CLASSES

STEM_CHANNELS = 64  # at width 1
DIGITS = 6  # of an anchor's size and ratio: what float32 holds of them

# what detectron2's defaults are not. Source: its configs/Base-RCNN-{C4,DilatedC5,FPN}.yaml
STRUCTURES: dict[str, dict[str, Any]] = {
    C4: {"MODEL.BACKBONE.NAME": RESNET, "MODEL.ROI_BOX_HEAD.NAME": "Conv5Head"},
    DC5: {
        "MODEL.BACKBONE.NAME": RESNET,
        "MODEL.RESNETS.OUT_FEATURES": ["res5"],
        "MODEL.RESNETS.RES5_DILATION": 2,
        "MODEL.RPN.IN_FEATURES": ["res5"],
        "MODEL.ROI_HEADS.IN_FEATURES": ["res5"],
        "MODEL.ROI_BOX_HEAD.NAME": "FC6FC7Head",
    },
    FPN: {
        "MODEL.BACKBONE.NAME": RESNET_FPN,
        "MODEL.RESNETS.OUT_FEATURES": list(STAGES),
        "MODEL.FPN.IN_FEATURES": list(STAGES),
        "MODEL.ANCHOR_GENERATOR.SIZES": [[32], [64], [128], [256], [512]],
        "MODEL.RPN.IN_FEATURES": ["p2", "p3", "p4", "p5", "p6"],
        "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 2000,
        "MODEL.RPN.PRE_NMS_TOPK_TEST": 1000,
        "MODEL.RPN.POST_NMS_TOPK_TRAIN": 1000,
        "MODEL.ROI_HEADS.IN_FEATURES": ["p2", "p3", "p4", "p5"],
        "MODEL.ROI_BOX_HEAD.NAME": "FC6FC7Head",
    },
}


class ForeignDetector(NamedTuple):
    """A detector at rest: canonical weights, the config of their kind, their classes."""

    model: dict[str, Tensor]
    cfg: CfgNode
    class_names: tuple[str, ...]


def state_of(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The weights in a file of a detector by detectron2; None if it is another file."""
    state = unwrapped(payload)
    return state if detectron2_names.is_detectron2(map(str, state)) else None


def from_detectron2(
    state: Mapping[str, Any], source: str, overrides: Sequence[str] = ()
) -> ForeignDetector:
    """A Faster R-CNN C4, DC5 or FPN of detectron2's zoo or checkpointer.

    Names and shapes show the structure, the depth, the width, the number of classes and the sizes
    of the heads; files that hold anchors and input statistics are believed. All else is as in the
    zoo's R-50 and R-101, whatever the training was: BGR less 103.53, 116.28, 123.675 without a
    scale, stride in the first 1x1 layer, res5 of a DC5 dilated by 2, ROIAlignV2 (of 14 x 14 for
    C4), the anchors of the structure, a test size of 800/1333, COCO's classes where they are 80,
    VOC's where they are 20, else class0, class1, ... `overrides`, KEY VALUE pairs, say where it
    was another: MODEL.PIXEL_STD, MODEL.RESNETS.STRIDE_IN_1X1, DATASETS.CLASSES, ...

    Raises: ValueError if it is another kind of model, or keys or shapes do not fit; ConfigError.
    """
    tensors = _tensors(state, source)
    layout = detectron2_names.layout_of(tensors, source)
    weights = detectron2_names.from_detectron2(tensors, layout, source)
    cfg = config.default_config()
    _set(cfg, {"MODEL.ROI_HEADS.NAME": "StandardROIHeads", **STRUCTURES[layout.structure]})
    cfg = config.loads(cfg.dump(), source, overrides)
    try:
        _set(cfg, _found(tensors, weights, layout, source))
        config.check(cfg, training=False, source=source)
        _check_anchors(cfg, weights, source)
    except ValueError:
        raise
    except Exception as error:  # arrays of other ranks than these layers have
        raise ValueError(
            f"weights of {source} must have the shapes of a Faster R-CNN, got others: "
            f"{error!s:.200}; give another file"
        ) from error
    return ForeignDetector(weights, cfg, _class_names(cfg))


def _tensors(state: Mapping[str, Any], source: str) -> dict[str, Tensor]:
    others = [str(k) for k, v in state.items() if not (isinstance(k, str) and _is_array(v))]
    if others:
        raise ValueError(
            f"weights of {source} must be arrays, got others: {', '.join(others[:10])}"
        )
    tensors = {key: torch.as_tensor(value) for key, value in state.items()}
    check_weights(tensors, source)
    return tensors


def _is_array(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, Tensor)


def _set(cfg: CfgNode, values: Mapping[str, Any]) -> None:
    cfg.merge_from_list([item for pair in values.items() for item in pair])


def _found(
    tensors: Mapping[str, Tensor], weights: Mapping[str, Tensor], layout: Layout, source: str
) -> dict[str, Any]:
    """What the file itself shows of its config."""
    below = "bottom_up." if layout.structure == FPN else ""
    stem = weights[f"trunk.{below}stem.conv1.weight"].shape[0]
    block = tuple(weights[f"trunk.{below}res2.0.conv2.weight"].shape)
    width = stem / STEM_CHANNELS
    if block != (stem, stem, 3, 3) or scale_channels(STEM_CHANNELS, width) != stem:
        raise ValueError(
            f"{source} must hold a network of the paper, the 3x3 layers of res2 as wide as its "
            f"stem ({stem}, {stem}, 3, 3), got {block}; ResNeXt and wide networks are not ours"
        )
    classes = weights["box_predictor.cls_score.weight"].shape[0] - 1
    refinements = weights["box_predictor.bbox_pred.weight"].shape[0]
    if refinements != 4 * classes:
        raise ValueError(
            f"box_predictor.bbox_pred of {source} must have 4 rows for each of {classes} classes, "
            f"got {refinements}; class-agnostic boxes are not ours"
        )
    found: dict[str, Any] = {
        "MODEL.RESNETS.DEPTH": int(layout.network.removeprefix("resnet")),
        "MODEL.BACKBONE.WIDTH": width,
        "MODEL.ROI_HEADS.NUM_CLASSES": classes,
    }
    for key in ("pixel_mean", "pixel_std"):
        if key in tensors:
            found[f"MODEL.{key.upper()}"] = [
                round(v, DIGITS) for v in tensors[key].view(-1).tolist()
            ]
    if layout.structure == FPN:
        found["MODEL.FPN.OUT_CHANNELS"] = weights["trunk.output.res2.weight"].shape[0]
    if layout.structure != C4:
        hidden, inputs = (weights["box_head.fc6.weight"].shape[i] for i in (0, 1))
        channels = weights["rpn_head.conv.weight"].shape[1]
        found["MODEL.ROI_BOX_HEAD.FC_DIM"] = hidden
        found["MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION"] = round((inputs / channels) ** 0.5)
    return found | _anchors(tensors)


def _anchors(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """SIZES and ASPECT_RATIOS from the cell anchors of each level, which older files hold."""
    sizes, ratios = [], []
    levels = {int(k.rsplit(".", 1)[1]): v for k, v in tensors.items() if ".cell_anchors." in k}
    for _, boxes in sorted(levels.items()):
        wide, high = (boxes[:, 2:] - boxes[:, :2]).double().unbind(1)
        sizes.append(_distinct((wide * high).sqrt()))
        ratios.append(_distinct(high / wide))
    if not levels:
        return {}
    return {
        "MODEL.ANCHOR_GENERATOR.SIZES": sizes,
        "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS": ratios if ratios[1:] != ratios[:-1] else ratios[:1],
    }


def _distinct(values: Tensor) -> list[float]:
    return list(dict.fromkeys(float(f"{value:.{DIGITS}g}") for value in values.tolist()))


def _check_anchors(cfg: CfgNode, weights: Mapping[str, Tensor], source: str) -> None:
    generator = cfg.MODEL.ANCHOR_GENERATOR
    expected = len(generator.SIZES[0]) * len(generator.ASPECT_RATIOS[0])
    got = weights["rpn_head.objectness_logits.weight"].shape[0]
    if got != expected:
        raise ValueError(
            f"{source} must have {expected} anchors a cell, sizes {generator.SIZES[0]} by ratios "
            f"{generator.ASPECT_RATIOS[0]}, got {got}; override MODEL.ANCHOR_GENERATOR.SIZES and "
            "ASPECT_RATIOS with those it was trained with"
        )


def _class_names(cfg: CfgNode) -> tuple[str, ...]:
    """Those given, COCO's or VOC's, the first that are as many; else numbers."""
    count = cfg.MODEL.ROI_HEADS.NUM_CLASSES
    for names in (tuple(cfg.DATASETS.CLASSES), COCO_CLASSES, VOC_CLASSES):
        if len(names) == count:
            return names
    return tuple(f"class{index}" for index in range(count))
