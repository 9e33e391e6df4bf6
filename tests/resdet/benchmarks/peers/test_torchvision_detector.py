"""torchvision's own detectors, frozen and counting as ours."""

import pytest
from torch import nn

from resdet import config
from resdet.benchmarks.detector_task import KINDS
from resdet.benchmarks.peers import torchvision_detector
from resdet.benchmarks.peers.torchvision_detector import native_model


def test_vgg_has_our_proposals_samples_and_anchors(monkeypatch):
    layers = [nn.Linear(4096 if at else 7, 4096 if at == 2 else 7) for at in range(3)]

    def small(weights):
        convs = nn.Sequential(*(nn.Conv2d(8, 8, 1) for _ in range(12)), nn.MaxPool2d(2))
        return type("VGG", (), {"features": convs, "classifier": nn.Sequential(*layers)})()

    monkeypatch.setattr(torchvision_detector, "vgg16", small)
    model = native_model("VGG-16")
    cfg = config.load(KINDS["VGG-16"].config)
    assert model.roi_heads.fg_bg_sampler.batch_size_per_image == (
        cfg.MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE
    )
    assert model.rpn._post_nms_top_n["testing"] == cfg.MODEL.RPN.POST_NMS_TOPK_TEST
    anchors = [list(sizes) for sizes in model.rpn.anchor_generator.sizes]
    assert anchors == cfg.MODEL.ANCHOR_GENERATOR.SIZES
    learning = [p.requires_grad for p in model.backbone.parameters()]
    assert learning == [False] * 2 * torchvision_detector.CONV3 + [True] * 4
    assert model.transform.divisibility == 1


def test_a_kind_that_torchvision_lacks():
    with pytest.raises(ValueError, match="kind must be R-50-FPN or VGG-16, got 'R-50-C4'"):
        native_model("R-50-C4")
