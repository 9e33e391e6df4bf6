"""Systems that the paper compares with, as the trunk of a detector."""

from __future__ import annotations

import pytest
import torch

from backbones.training.solver import build_optimizer
from resdet import engines
from resdet.detector.build import build_model


def sample() -> dict:
    return {
        "image": torch.randint(0, 256, (3, 90, 96), dtype=torch.uint8),
        "boxes": torch.tensor([[10.0, 10.0, 60.0, 60.0]]),
        "labels": torch.tensor([0]),
        "image_id": "a",
        "height": 90,
        "width": 96,
        "index": 0,
    }


@pytest.mark.parametrize(
    ("network", "features", "head"),
    [
        ("googlenet", "res4", "Conv5Head"),
        ("bn_inception", "res4", "Conv5Head"),
        ("prelu_net_a", "conv4", "FC6FC7Head"),
        ("nin", "conv3", "FC6FC7Head"),
    ],
)
def test_two_steps_of_a_detector(network: str, features: str, head: str, small_config) -> None:
    keys = {
        "MODEL.BACKBONE.NAME": "build_resdet_network_backbone",
        "MODEL.BACKBONE.NETWORK": network,
        "MODEL.RPN.IN_FEATURES": f"['{features}']",
        "MODEL.ROI_HEADS.IN_FEATURES": f"['{features}']",
        "MODEL.ROI_BOX_HEAD.NAME": head,
        "MODEL.ROI_BOX_HEAD.FC_DIM": "32",
    }
    cfg = small_config(*(text for pair in keys.items() for text in pair))
    torch.manual_seed(0)
    engine = engines.load("tv")
    model, _ = build_model(cfg, engine)
    optimizer = build_optimizer(cfg, model.train())
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for _ in range(2):
        optimizer.zero_grad()
        losses = engine.compute_losses(model, [sample(), sample()])
        assert all(torch.isfinite(loss) for loss in losses.values())
        torch.stack([loss for name, loss in losses.items() if "loss" in name]).sum().backward()
        optimizer.step()
    moved = [name for name, p in model.named_parameters() if not torch.equal(p, before[name])]
    assert any("backbone" in name for name in moved)
    with torch.no_grad():
        ((boxes, labels, _),) = engine.detect(model.eval(), [sample()])
    assert boxes.shape == (len(labels), 4)


def test_a_pyramid_stands_on_googlenet(small_config) -> None:
    keys = ("MODEL.BACKBONE.NAME", "build_resdet_network_fpn_backbone")
    keys += ("MODEL.BACKBONE.NETWORK", "googlenet", "MODEL.RESNETS.DEPTH", "18")
    model, _ = build_model(small_config(*keys, base="coco_r101_fpn"), engines.load("tv"))
    with torch.no_grad():
        levels = model.backbone(torch.randn(1, 3, 96, 64))
    assert levels["p2"].shape == (1, 256, 24, 16)
