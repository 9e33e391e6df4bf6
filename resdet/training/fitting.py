"""A config fitted to the data it is to learn: anchors, size of the images, number of iterations."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fvcore.common.config import CfgNode

from backbones.terminal.wording import count
from backbones.training.length import ITERATIONS, STEPS, WARMUP
from resdet import config
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import FINAL
from resdet.data.anchors import (
    MATCHED,
    WELL_MATCHED,
    Anchors,
    Float64Array,
    best_overlaps,
    boxes_at,
    fit,
    sides_of,
)
from resdet.data.catalog import load_dataset
from resdet.data.validate import unheard
from resdet.structures.records import ImageRecord
from resdet.training.fitting_precision import AMP, fit_precision
from resdet.training.fitting_size import SIDES, fitting_size, in_the_time, size_pairs, size_told

CONFIG = "config.yaml"  # of a run, what it was begun with
SIZES, RATIOS = "MODEL.ANCHOR_GENERATOR.SIZES", "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS"
EVALUATION, MOSAIC = "TEST.EVAL_PERIOD", "INPUT.MOSAIC"
FITTED = (SIZES, RATIOS, *SIDES, MOSAIC, *AMP, ITERATIONS, STEPS, WARMUP, EVALUATION)
EPOCHS = 9.0  # at least, of images that are many
EVALUATIONS = 5  # of a run
MANY = 5  # objects of an image, from which four images in one teach no more
SMALLEST_ANCHOR = 10.0  # pixels, below which no place of a stride of 8 is near enough
UNMATCHED = 0.05  # share of the objects without an anchor of which a run warns
# strides of stages that are read without a pyramid
_STRIDES = {"res2": 4, "res3": 8, "res4": 16, "res5": 32, "conv3": 4, "conv4": 8, "conv5": 16}


def anchors_of(cfg: CfgNode) -> Anchors | None:
    """The anchors of a config; None where its strides are not known before it is built."""
    levels = list(cfg.MODEL.RPN.IN_FEATURES)
    strides = [_stride(cfg, level) for level in levels]
    if None in strides:
        return None
    generator = cfg.MODEL.ANCHOR_GENERATOR
    return Anchors(
        tuple(stride for stride in strides if stride is not None),
        _one_each(generator.SIZES, len(levels)),
        _one_each(generator.ASPECT_RATIOS, len(levels)),
    )


def _stride(cfg: CfgNode, level: str) -> int | None:
    if level.startswith("p") and level[1:].isdigit():
        return int(2 ** int(level[1:]))
    if cfg.MODEL.BACKBONE.NETWORK:  # its stages have strides of its own
        return None
    if level == "res5":
        return _STRIDES[level] // int(cfg.MODEL.RESNETS.RES5_DILATION)
    return _STRIDES.get(level)


def _one_each(rows: Sequence[Sequence[float]], levels: int) -> tuple[tuple[float, ...], ...]:
    rows = list(rows) * levels if len(rows) == 1 else rows
    return tuple(tuple(row) for row in rows)


def pairs_for(
    cfg: CfgNode,
    output: Path,
    init_from: Path | None,
    fixed: Sequence[str],
    *,
    resume: bool,
    measure: bool,
) -> tuple[list[str], list[str]]:
    """What a run on the data of `cfg` begins with: see `fit_config`.

    A run that goes on, and weights that are only measured, keep what they were fitted to; a
    detector to start from keeps its anchors, which it has learnt, and the size they are of.
    Raises: ValueError if the data or the detector's file is broken.
    """
    begun = output / CONFIG
    if begun.is_file() and (resume or (measure and init_from is None)):
        return _pairs_of(config.load(str(begun)), FITTED, fixed), []
    start = init_from or (output / FINAL if measure else Path(cfg.MODEL.WEIGHTS))
    known = None
    if start.is_file() and (init_from or measure or checkpoint.holds_detector(start)):
        known = checkpoint.load(start).cfg
    if measure:
        return ([] if known is None else _pairs_of(known, FITTED, fixed)), []
    kept: list[str] = []
    if known is not None:
        kept = _pairs_of(known, (SIZES, RATIOS, *SIDES), fixed)
        cfg = cfg.clone()
        cfg.merge_from_list(kept)
        fixed = [*fixed, SIZES, RATIOS]
    pairs, lines = fit_config(cfg, _records(cfg), fixed)
    numbers, told = fit_precision(cfg, fixed)
    return [*kept, *pairs, *numbers], [*lines, *told]


def _pairs_of(cfg: CfgNode, keys: Sequence[str], fixed: Sequence[str]) -> list[str]:
    values = {key: config.get(cfg, key) for key in keys if key not in fixed}
    return _as_pairs(values)


def _as_pairs(values: Mapping[str, Any]) -> list[str]:
    texts = {
        key: str(v) if isinstance(v, (bool, str)) else json.dumps(v) for key, v in values.items()
    }
    return [text for pair in texts.items() for text in pair]


def _records(cfg: CfgNode) -> list[ImageRecord]:
    """Of the images to train on; what readers warn of is told where they are read to be trained."""
    with unheard():
        root, names, corners = cfg.DATASETS.ROOT, cfg.DATASETS.CLASSES, cfg.DATASETS.VOC_CORNERS
        loaded = [
            load_dataset(name, root, class_names=names, corners=corners)
            for name in cfg.DATASETS.TRAIN
        ]
    return [record for dataset in loaded for record in dataset.records]


def fit_config(
    cfg: CfgNode, records: Sequence[ImageRecord], fixed: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """(KEY VALUE pairs that fit `cfg` to the images to train on, lines that tell it).

    Keys in `fixed` are the user's and stay.
    """
    size = before = int(cfg.INPUT.MIN_SIZE_TEST)
    if not set(SIDES) & set(fixed):
        anew = not cfg.MODEL.WEIGHTS and SIZES not in fixed
        size = fitting_size(cfg, records, shrink=anew)
    values = size_pairs(cfg, size)
    given = ITERATIONS in fixed
    iterations = cfg.SOLVER.MAX_ITER if given else _iterations(cfg, len(records), size / before)
    lines = size_told(cfg, size, iterations)
    longest = values.get("INPUT.MAX_SIZE_TEST", cfg.INPUT.MAX_SIZE_TEST)
    boxes, _ = boxes_at(records, size, longest, difficult=cfg.DATASETS.USE_DIFFICULT)
    if cfg.INPUT.MOSAIC and MOSAIC not in fixed and len(boxes) >= MANY * len(records):
        values[MOSAIC] = 0.0
        lines.append(f"mosaics  none: {len(boxes) / len(records):.0f} objects an image are enough")
    own = anchors_of(cfg)
    if own is not None and len(boxes) and not {SIZES, RATIOS} & set(fixed):
        fitted = fit(boxes, own)
        values |= {SIZES: fitted.sizes, RATIOS: fitted.ratios[:1]}
        lines += _told(own, fitted, boxes)
    values |= {} if iterations == cfg.SOLVER.MAX_ITER else {ITERATIONS: iterations}
    if not cfg.TEST.EVAL_PERIOD and EVALUATION not in fixed:
        values[EVALUATION] = max(math.ceil(iterations / EVALUATIONS), 1)
    return _as_pairs(values), lines


def _iterations(cfg: CfgNode, images: int, factor: float) -> int:
    """Those of the config, or more: of images smaller by `factor` as many as take the same time,
    and no few epochs. Steps of the rate stay.
    """
    own = int(cfg.SOLVER.MAX_ITER)
    if cfg.SOLVER.LR_SCHEDULER_NAME != "WarmupCosineLR":
        return own
    own = round(own * in_the_time(factor))
    return max(own, math.ceil(EPOCHS * images / cfg.SOLVER.IMS_PER_BATCH))


def _told(own: Anchors, fitted: Anchors, boxes: Float64Array) -> list[str]:
    before, after = best_overlaps(boxes, own), best_overlaps(boxes, fitted)
    shares = ", ".join(
        f"{name} (IoU under {at:g}) {np.mean(after < at):.0%}, was {np.mean(before < at):.0%}"
        for name, at in (("badly covered", MATCHED), ("not well", WELL_MATCHED))
    )
    sizes = ", ".join(f"{size:g}" for level in fitted.sizes for size in level)
    ratios = ", ".join(f"{ratio:g}" for ratio in dict.fromkeys(fitted.ratios[0]))
    return [
        f"anchors  of {sizes} pixels, height / width {ratios}, fitted to "
        f"{count(len(boxes), 'object')}",
        f"         objects {shares}",
    ]


def unmatched(anchors: Anchors, boxes: Float64Array, *, fitted: bool = False) -> str:
    """What to tell where more than a twentieth of the objects have no anchor, else nothing.

    `fitted`: --data has fitted the anchors, or kept those that a detector has learnt.
    """
    if not len(boxes):
        return ""
    share = float(np.mean(best_overlaps(boxes, anchors) < MATCHED))
    if share <= UNMATCHED:
        return ""
    low, high = np.quantile(sides_of(boxes), (0.1, 0.9))
    large = f"{low:.0f} to {high:.0f}" if round(low) < round(high) else f"about {high:.0f}"
    larger = fitted or high < SMALLEST_ANCHOR
    other = f"{SIZES} so, or --data DIR, which fits them"
    way_out = "larger images, --imgsz N" if larger else other
    return (
        f"anchors do not fit: {share:.0%} of the objects have none that overlaps them by IoU "
        f"{MATCHED}; most are {large} pixels where they are trained on; give {way_out}"
    )


def misfit(cfg: CfgNode, records: Sequence[ImageRecord]) -> str:
    """What to tell of the anchors of `cfg` for these images: see `unmatched`."""
    anchors = anchors_of(cfg)
    if anchors is None:
        return ""
    sides = min(cfg.INPUT.MIN_SIZE_TRAIN), cfg.INPUT.MAX_SIZE_TRAIN
    boxes, _ = boxes_at(records, *sides, difficult=cfg.DATASETS.USE_DIFFICULT)
    return unmatched(anchors, boxes, fitted=bool(cfg.DATASETS.ROOT))


def epochs(cfg: CfgNode, images: int) -> float:
    """How often a run sees each image."""
    return float(cfg.SOLVER.MAX_ITER * cfg.SOLVER.IMS_PER_BATCH / max(images, 1))


def changed(before: CfgNode, now: CfgNode) -> list[str]:
    """A line for each key with another value than when a run began."""
    old, new = dict(_leaves(before)), dict(_leaves(now))
    return [
        f"{key} is {new[key]!r} now, was {old.get(key)!r} when the run began"
        for key in new
        if new[key] != old.get(key)
    ]


def _leaves(node: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in node.items():
        if isinstance(value, Mapping):
            found += _leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found
