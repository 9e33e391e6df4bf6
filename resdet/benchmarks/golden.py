"""Small detectors given by a formula, and what an engine makes of them, as plain numbers.

tools/make_golden.py writes detectron2's numbers to tests/golden; every run of the tests holds
engine tv to them, so that detectron2 need not be there. Inputs and weights come from the raw
bits of PCG64, a stream that NumPy promises never to change.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from fvcore.common.config import CfgNode
from numpy.typing import NDArray
from torch import Tensor, nn

from resdet import config
from resdet.detector.build import build_model
from resdet.engines.protocol import Engine
from resdet.engines.samples import RawDetections, Sample
from resdet.structures.records import Float32Array

# pixels, probability, pixels, and a part of the loss
TOLERANCES = {"boxes": 1e-3, "scores": 1e-4, "proposals": 1e-3, "losses": 1e-4}
PROPOSALS = 20  # of each image, by falling objectness
SLACK = 5  # places by which rounding may move a proposal
ROUNDING = 3e-7  # relative change of the weights that must move nothing: float32 has 6e-8

# factor on the usual deviation by the end of a name; the rest has 1. They keep sums of branches
# and of pyramid levels bounded, softmax and sigmoid off their ends, boxes near their anchors.
_GAINS = (
    (r"res\d\.\d+\.conv3\.weight", 0.2),
    (r"trunk\.lateral\.res\d\.weight", 0.15),
    (r"trunk\.lateral\.conv\d\.weight", 0.3),
    (r"rpn_head\.anchor_deltas\.weight", 0.12),
    (r"box_predictor\.cls_score\.weight", 1.2),
    (r"box_predictor\.bbox_pred\.weight", 0.4),
)


@dataclass(frozen=True)
class Image:
    """Height, width and number of boxes of an image to be drawn."""

    height: int
    width: int
    boxes: int


@dataclass(frozen=True)
class Case:
    """A detector, as settings on top of `config.default_config()`, and its batch."""

    settings: Mapping[str, Any]
    images: tuple[Image, ...]
    seed: int

    def config(self) -> CfgNode:
        """The whole config."""
        cfg = config.default_config()
        cfg.merge_from_list([x for pair in self.settings.items() for x in pair])
        return cfg


_SMALL = (Image(96, 130, 3), Image(90, 121, 0), Image(112, 80, 2))
_LARGE = (Image(196, 290, 3), Image(210, 260, 0), Image(240, 180, 2))  # boxes of several levels
_COMMON: dict[str, Any] = {
    "MODEL.BACKBONE.WIDTH": 0.125,
    "MODEL.PIXEL_STD": [57.4, 57.1, 58.4],
    "MODEL.RPN.BATCH_SIZE_PER_IMAGE": 100000,  # more than there are: nothing is left to chance
    "MODEL.RPN.POSITIVE_FRACTION": 1.0,
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 150,
    "MODEL.RPN.PRE_NMS_TOPK_TEST": 100,
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": 120,
    "MODEL.RPN.POST_NMS_TOPK_TEST": 80,
    "MODEL.ROI_HEADS.NAME": "StandardROIHeads",
    "MODEL.ROI_HEADS.NUM_CLASSES": 5,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 100000,
    "MODEL.ROI_HEADS.POSITIVE_FRACTION": 1.0,
    "MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION": 7,
    "TEST.DETECTIONS_PER_IMAGE": 30,
}
_VGG: dict[str, Any] = {
    "MODEL.ROI_BOX_HEAD.NAME": "FC6FC7Head",
    "MODEL.ROI_BOX_HEAD.FC_DIM": 512,
}

CASES: dict[str, Case] = {
    "c4": Case(
        _COMMON
        | {
            "MODEL.BACKBONE.NAME": "build_resdet_resnet_backbone",
            "MODEL.ANCHOR_GENERATOR.SIZES": [[16, 32, 64]],
            "MODEL.RPN.BOUNDARY_THRESH": 0,
            "MODEL.RPN.SMOOTH_L1_BETA": 1 / 9,
            "MODEL.ROI_BOX_HEAD.NAME": "Conv5Head",
            "MODEL.ROI_BOX_HEAD.SMOOTH_L1_BETA": 1.0,
        },
        _SMALL,
        seed=1,
    ),
    "fpn": Case(
        _COMMON
        | {
            "MODEL.BACKBONE.NAME": "build_resdet_resnet_fpn_backbone",
            "MODEL.RESNETS.STRIDE_IN_1X1": False,
            "MODEL.RESNETS.OUT_FEATURES": ["res2", "res3", "res4", "res5"],
            "MODEL.FPN.IN_FEATURES": ["res2", "res3", "res4", "res5"],
            "MODEL.FPN.OUT_CHANNELS": 32,
            "MODEL.ANCHOR_GENERATOR.SIZES": [[60, 140, 250]],
            "MODEL.RPN.IN_FEATURES": ["p2", "p3", "p4", "p5", "p6"],
            "MODEL.RPN.LOSS_WEIGHT": 2.0,
            "MODEL.RPN.BBOX_REG_LOSS_WEIGHT": 0.7,
            "MODEL.ROI_HEADS.IN_FEATURES": ["p2", "p3", "p4", "p5"],
            "MODEL.ROI_BOX_HEAD.NAME": "FC6FC7Head",
            "MODEL.ROI_BOX_HEAD.FC_DIM": 128,
            "MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO": 2,
            "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_WEIGHT": 0.6,
            "INPUT.FORMAT": "RGB",
        },
        _LARGE,
        seed=5,
    ),
    "vgg": Case(
        _COMMON
        | _VGG
        | {
            "MODEL.BACKBONE.NAME": "build_resdet_vgg_backbone",
            "MODEL.ANCHOR_GENERATOR.SIZES": [[16, 32, 64]],
            "MODEL.RPN.IN_FEATURES": ["conv5"],
            "MODEL.RPN.BOUNDARY_THRESH": 0,
            "MODEL.ROI_HEADS.IN_FEATURES": ["conv5"],
            "MODEL.ROI_BOX_HEAD.POOLER_TYPE": "ROIPool",
        },
        _SMALL,
        seed=12,
    ),
    "vgg_fpn": Case(
        _COMMON
        | _VGG
        | {
            "MODEL.BACKBONE.NAME": "build_resdet_vgg_fpn_backbone",
            "MODEL.FPN.IN_FEATURES": ["conv3", "conv4", "conv5"],
            "MODEL.FPN.OUT_CHANNELS": 32,
            "MODEL.ANCHOR_GENERATOR.SIZES": [[130], [230], [80], [40]],
            "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS": [[0.6, 1.7]],
            "MODEL.RPN.IN_FEATURES": ["p2", "p3", "p4", "p5"],
            "MODEL.RPN.BBOX_REG_WEIGHTS": [1.0, 1.0, 2.0, 2.0],
            "MODEL.ROI_HEADS.IN_FEATURES": ["p2", "p3", "p4"],
            "MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS": [8.0, 8.0, 4.0, 4.0],
            "MODEL.ROI_BOX_HEAD.POOLER_TYPE": "ROIAlign",
        },
        _LARGE,
        seed=3,
    ),
}


def uniform(count: int, *seed: int) -> Float32Array:
    """`count` numbers in [-1, 1), the same on every machine."""
    raw = np.random.PCG64(seed).random_raw(-(-count // 2)).astype("<u8", copy=False)
    bits = raw.view("<u4")[:count] >> np.uint32(8)
    return bits.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)


def formula_weights(state: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Weights of those names and shapes that let detections differ from image to image.

    Each filter sums to zero: behind a ReLU it would else answer the mean of its input, which is
    the same everywhere.
    """
    return {name: _weight(name, value, seed) for name, value in state.items()}


def _weight(name: str, like: Tensor, seed: int) -> Tensor:
    if not like.is_floating_point():
        return like
    drawn: NDArray[Any] = uniform(like.numel(), seed, zlib.crc32(name.encode()))
    drawn = drawn.reshape(like.shape)
    if name.endswith("running_var"):
        drawn = 1 + drawn / 2
    elif drawn.ndim == 1:
        drawn = drawn / 10 + float(name.endswith(".weight"))
    else:
        flat = drawn.reshape(len(drawn), -1)
        gain = next((g for end, g in _GAINS if re.search(end + "$", name)), 1.0)
        flat -= flat.mean(axis=1, keepdims=True)
        flat *= gain * 2.7 / math.sqrt(flat.shape[1])  # keeps the deviation from ReLU to ReLU
    return torch.from_numpy(drawn).to(like.dtype)


def make_batch(case: Case) -> list[Sample]:
    """Patches of colour under noise, boxes on quarters of a pixel; whole numbers throughout."""
    num_classes = case.settings["MODEL.ROI_HEADS.NUM_CLASSES"]
    return [_sample(i, image, case.seed, num_classes) for i, image in enumerate(case.images)]


def _sample(index: int, image: Image, seed: int, num_classes: int) -> Sample:
    height, width, patch = image.height, image.width, 12
    rows, columns = -(-height // patch), -(-width // patch)
    colours = np.floor(uniform(3 * rows * columns, seed, index, 0) * 100).reshape(3, rows, columns)
    patches = colours.repeat(patch, 1).repeat(patch, 2)[:, :height, :width]
    noise = np.floor(uniform(3 * height * width, seed, index, 1) * 25).reshape(3, height, width)
    # corner and side, each up to 0.4 and from 0.2 to 0.5 of the image
    part = (uniform(4 * image.boxes, seed, index, 2).reshape(-1, 2, 2) + 1) / 2
    size = np.array([width, height])
    corner, side = size * part[:, 0] * 0.4, size * (0.2 + part[:, 1] * 0.3)
    boxes = np.round(np.concatenate([corner, corner + side], 1) * 4) / 4
    labels = np.floor((uniform(image.boxes, seed, index, 3) + 1) / 2 * num_classes)
    return Sample(
        image=torch.from_numpy((128 + patches + noise).astype(np.uint8)),
        boxes=torch.from_numpy(boxes.astype(np.float32)),
        labels=torch.from_numpy(labels.astype(np.int64)),
        image_id=index,
        height=height,
        width=width,
        index=index,
    )


def measure(case: Case, engine: Engine, shake: float = 0.0) -> dict[str, Any]:
    """Detections, proposals and losses of a case; `shake` moves its weights by that part."""
    model, _ = build_model(case.config(), engine)
    weights = formula_weights(engine.canonical_state(model), case.seed)
    inputs = {"batch": _crc(make_batch(case)), "weights": _mean_size(weights)}
    for value in weights.values():
        value *= 1 + shake * torch.from_numpy(uniform(value.numel(), 0)).view_as(value)
    engine.load_canonical_state(model, weights, "the formula")
    with torch.inference_mode():
        found, proposals = _detect(model.eval(), engine, make_batch(case))
        losses = engine.compute_losses(model.train(), make_batch(case))
    return {
        "inputs": inputs,
        "detections": [
            {"boxes": _plain(b, 4), "labels": n.tolist(), "scores": _plain(s, 6)}
            for b, n, s in found
        ],
        "proposals": [_plain(p[: PROPOSALS + SLACK], 4) for p in proposals],
        "losses": {name: float(f"{value.item():.7g}") for name, value in sorted(losses.items())},
    }


def record(case: Case, engine: Engine) -> dict[str, Any]:
    """What a golden file holds, apart from versions.

    Raises: ValueError if rounding would move the numbers by more than the tolerances.
    """
    measured = measure(case, engine)
    moved = differences(measured, measure(case, engine, ROUNDING))
    if any(moved[what] > limit for what, limit in TOLERANCES.items()):
        raise ValueError(
            f"seed must give numbers that rounding leaves alone, got {case.seed} with {moved}; "
            "choose another"
        )
    measured["proposals"] = [p[:PROPOSALS] for p in measured["proposals"]]
    images = [[i.height, i.width, i.boxes] for i in case.images]
    return {"seed": case.seed, "images": images, "settings": dict(case.settings), **measured}


def differences(golden: Mapping[str, Any], measured: Mapping[str, Any]) -> dict[str, float]:
    """The largest of each kind in TOLERANCES; infinite where things do not pair up."""
    pairs = [
        pair_up(_found(a), _found(b))
        for a, b in zip(golden["detections"], measured["detections"], strict=True)
    ]
    away = []
    for want, have in zip(golden["proposals"], measured["proposals"], strict=True):
        wanted, there = torch.tensor(want[:PROPOSALS]), torch.tensor(have)
        away.append((wanted[:, None] - there[None]).abs().amax(2).amin(1).max().item())
    losses = measured["losses"]
    if set(losses) != set(golden["losses"]):
        raise ValueError(f"losses must be {sorted(golden['losses'])}, got {sorted(losses)}")
    return {
        "boxes": max(box for box, _ in pairs),
        "scores": max(score for _, score in pairs),
        "proposals": max(away),
        "losses": max(abs(losses[k] - v) / abs(v) for k, v in golden["losses"].items()),
    }


def pair_up(a: RawDetections, b: RawDetections) -> tuple[float, float]:
    """Largest difference of coordinate and of score between detections of the same objects.

    Order is free, for equal scores have none; both are infinite unless each detection of `a` has
    its own nearest of the same label in `b`, and none is left over.
    """
    if len(a[0]) != len(b[0]):
        return math.inf, math.inf
    if not len(a[0]):
        return 0.0, 0.0
    apart = (a[0][:, None] - b[0][None]).abs().amax(2)
    apart[a[1][:, None] != b[1][None]] = math.inf
    distance, partner = apart.min(1)
    if len(set(partner.tolist())) < len(partner):
        return math.inf, math.inf
    return distance.max().item(), (a[2] - b[2][partner]).abs().max().item()


def as_text(content: Mapping[str, Any]) -> str:
    """JSON with each innermost list on one line."""
    text = json.dumps(content, indent=1, allow_nan=False)
    return re.sub(r"\[[^][{}]*\]", lambda row: " ".join(row[0].split()), text) + "\n"


def _detect(
    model: nn.Module, engine: Engine, batch: Sequence[Sample]
) -> tuple[list[RawDetections], list[Tensor]]:
    """Detections, and the proposals that the region proposal network gave on the way."""
    proposals: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: tuple[list[Any], object]) -> None:
        for found in output[0]:
            proposals.append(found.proposal_boxes.tensor if engine.NAME == "d2" else found)

    network = model.get_submodule("proposal_generator" if engine.NAME == "d2" else "rpn")
    handle = network.register_forward_hook(keep)
    found = engine.detect(model, batch)
    handle.remove()
    return found, proposals


def _found(numbers: Mapping[str, Any]) -> RawDetections:
    boxes, scores = torch.tensor(numbers["boxes"]), torch.tensor(numbers["scores"])
    return boxes.reshape(-1, 4), torch.tensor(numbers["labels"]), scores


def _plain(values: Tensor, digits: int) -> Any:
    return np.round(values.double().numpy(), digits).tolist()


def _crc(batch: Sequence[Sample]) -> int:
    crc = 0
    for sample in batch:
        for array in (sample["image"], sample["boxes"], sample["labels"]):
            crc = zlib.crc32(array.numpy().tobytes(), crc)
    return crc


def _mean_size(weights: Mapping[str, Tensor]) -> float:
    total = sum(w.double().abs().sum().item() for w in weights.values())
    return float(f"{total / sum(w.numel() for w in weights.values()):.6g}")
