"""A detector of torchvision's parts, as the config describes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from resdet.engines.tv.detector import Transform, build_detector
from resdet.modeling.parts import build_parts


def test_targets_and_detections_pass_through_the_transform() -> None:
    transform = Transform([1.0] * 3, [2.0] * 3, divisibility=4)
    targets, found = [{"boxes": torch.ones(1, 4)}], [{"boxes": torch.ones(1, 4)}]
    images, passed = transform([torch.full((3, 3, 5), 5, dtype=torch.uint8)], targets)
    assert (images.tensors.shape, images.image_sizes) == ((1, 3, 4, 8), [(3, 5)])
    assert images.tensors[0, 0, 2].tolist() == [2] * 5 + [0] * 3
    assert passed is targets
    assert transform.postprocess(found, [(3, 5)], [(9, 9)]) is found


@pytest.mark.parametrize("base", ["shapes_r18", "coco_r50_fpn"])
def test_what_the_config_says_stands_in_the_model(base: str, small_config: Callable) -> None:
    cfg = small_config(
        *("MODEL.ROI_BOX_HEAD.FC_DIM", "32", "MODEL.FPN.OUT_CHANNELS", "16"),
        *("TEST.DETECTIONS_PER_IMAGE", "7", "MODEL.RPN.NMS_THRESH", "0.6"),
        base=base,
    )
    model = build_detector(cfg, build_parts(cfg, with_weights=False))
    assert model.rpn.nms_thresh == 0.6
    assert model.roi_heads.detections_per_img == 7
    strides = model.roi_heads.box_roi_pool.strides
    assert list(strides) == list(cfg.MODEL.ROI_HEADS.IN_FEATURES)
    num_classes = cfg.MODEL.ROI_HEADS.NUM_CLASSES
    assert model.roi_heads.box_predictor.cls_score.out_features == num_classes + 1
    assert model.transform.divisibility == build_parts(cfg, with_weights=False).size_divisibility
