"""A file of detectron2's with arrays of any shape is one error, or a detector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from resdet import config, engines
from resdet.checkpoints.detectron2_names import Layout, to_detectron2
from resdet.checkpoints.foreign import from_detectron2
from resdet.detector.build import build_model

STEM = "backbone.bottom_up.stem.conv1.weight"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """A slim ResNet-50-FPN detector under detectron2's names."""
    slim = ["MODEL.BACKBONE.WIDTH", "0.125", "MODEL.FPN.OUT_CHANNELS", "16"]
    slim += ["MODEL.ROI_BOX_HEAD.FC_DIM", "32", "MODEL.WEIGHTS", "''"]
    tv = engines.load("tv")
    model, _ = build_model(config.load("coco_r50_fpn", slim), tv)
    return to_detectron2(tv.canonical_state(model), Layout("FPN", "resnet50"), "FPN")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (STEM, torch.zeros(()), "must have the shapes of a Faster R-CNN"),
        (STEM, torch.zeros(0), "must hold a network of the paper"),
        ("backbone.bottom_up.res2.0.conv2.weight", torch.zeros(8), "must hold a network"),
        ("backbone.fpn_output2.weight", torch.zeros(()), "must have the shapes"),
        ("proposal_generator.rpn_head.conv.weight", torch.zeros(3), "must have the shapes"),
        ("proposal_generator.rpn_head.conv.weight", torch.zeros(3, 0), "must have the shapes"),
        ("proposal_generator.rpn_head.objectness_logits.weight", torch.zeros(()), "shapes"),
        ("roi_heads.box_head.fc1.weight", torch.zeros(7), "must have the shapes"),
        ("roi_heads.box_predictor.cls_score.weight", torch.zeros(()), "must have the shapes"),
        ("roi_heads.box_predictor.cls_score.weight", torch.zeros(1, 1), "4 rows for each of 0"),
        ("proposal_generator.anchor_generator.cell_anchors.0", torch.zeros(3), "shapes"),
        (STEM, np.array(["a"]), f"must be arrays, got others: {STEM}"),
        (STEM, np.array([None]), f"must be arrays, got others: {STEM}"),
    ],
)
def test_shapes_of_a_stranger(
    state: dict[str, torch.Tensor], key: str, value: Any, said: str
) -> None:
    with pytest.raises(ValueError, match=rf"(?s)zoo\.pkl.*({said})"):
        from_detectron2({**state, key: value}, "zoo.pkl")


def test_the_file_itself_is_read(state: dict[str, torch.Tensor]) -> None:
    assert from_detectron2(state, "zoo.pkl").cfg.MODEL.RESNETS.DEPTH == 50
