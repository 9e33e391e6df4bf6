"""Networks and heads of others: detectron2's detector and torchvision's find the same with them."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("detectron2")

import torch

from resdet import engines
from resdet.detector import build
from resdet.detector.inference import build_detector

PAGES = Path(__file__).resolve().parents[2] / "docs/contributing"


@pytest.fixture
def plugins(tmp_path, monkeypatch, fresh_plugins):
    for page in ("backbone", "head"):
        text = re.search(
            r"^```python\n(# (\w+\.py)\n.*?)^```", (PAGES / f"{page}.md").read_text(), re.M | re.S
        )
        (tmp_path / text[2]).write_text(text[1])
    named = f"{tmp_path / 'deep_stem.py'},{tmp_path / 'conv_head.py'}"
    monkeypatch.setenv("RESDET_PLUGINS", named)
    yield
    from detectron2.modeling import ROI_BOX_HEAD_REGISTRY

    ROI_BOX_HEAD_REGISTRY._obj_map.pop("ConvHead", None)


@pytest.mark.detectron2
@pytest.mark.parametrize(
    "settings",
    [
        ("MODEL.BACKBONE.NAME", "build_resdet_network_backbone"),
        (
            *("MODEL.BACKBONE.NAME", "build_resdet_network_fpn_backbone"),
            *("MODEL.FPN.IN_FEATURES", "['res3', 'res4', 'res5']"),
            *("MODEL.ANCHOR_GENERATOR.SIZES", "[[16], [32], [48], [64]]"),
            *("MODEL.RPN.IN_FEATURES", "['p3', 'p4', 'p5', 'p6']"),
            *("MODEL.ROI_HEADS.IN_FEATURES", "['p3', 'p4', 'p5']"),
        ),
    ],
    ids=["C4", "FPN"],
)
def test_both_engines_find_the_same(plugins, small_config, settings):
    cfg = small_config(
        *("MODEL.BACKBONE.NETWORK", "resnet18_deep"),
        *("MODEL.ROI_BOX_HEAD.NAME", "ConvHead", "MODEL.ROI_BOX_HEAD.FC_DIM", "32"),
        *settings,
    )
    torch.manual_seed(0)
    tv, d2 = engines.load("tv"), engines.load("d2")
    ours, _ = build.build_model(cfg, tv)
    theirs, _ = build.build_model(cfg, d2)
    d2.load_canonical_state(theirs, tv.canonical_state(ours), "ours")
    image = np.random.default_rng(0).integers(0, 256, (80, 96, 3), dtype=np.uint8)
    names = ("circle", "square", "triangle", "star", "cross", "ring")
    a, b = (
        build_detector(cfg, model, names, engine)(image, channel_order="BGR")
        for model, engine in ((ours, tv), (theirs, d2))
    )
    assert len(a) == len(b) > 0
    np.testing.assert_allclose(a.boxes, b.boxes, atol=1e-3)
    np.testing.assert_allclose(a.scores, b.scores, atol=1e-4)
