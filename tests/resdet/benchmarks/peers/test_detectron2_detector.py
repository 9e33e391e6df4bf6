"""detectron2's own detectors, as its files describe them."""

import pytest

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

import torch  # noqa: E402

from resdet.benchmarks.peers.detectron2_detector import _objects, native_config  # noqa: E402


def test_a_pyramid_is_that_of_the_zoo_and_a_c4_has_our_counts():
    model = native_config("R-50-FPN").MODEL
    assert model.BACKBONE.NAME == "build_resnet_fpn_backbone"
    assert model.ROI_HEADS.IN_FEATURES == ["p2", "p3", "p4", "p5"]
    assert model.ROI_BOX_HEAD.POOLER_RESOLUTION == 7
    model = native_config("R-50-C4").MODEL
    assert model.BACKBONE.NAME == "build_resnet_backbone"
    assert model.RPN.POST_NMS_TOPK_TEST == 300
    assert native_config("R-101-C4").MODEL.RESNETS.DEPTH == 101


def test_objects_are_those_of_the_others():
    found = _objects(torch.zeros(3, 96, 128), 96)
    assert found.image_size == (96, 128)
    assert len(found.gt_boxes) == len(found.gt_classes) == 5
