"""The LazyConfig form: our parts from plain arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from detectron2.config import LazyConfig, instantiate  # noqa: E402
from detectron2.structures import Boxes, Instances  # noqa: E402
from detectron2.utils.events import EventStorage  # noqa: E402

from resdet import config  # noqa: E402
from resdet.engines import d2  # noqa: E402

EXAMPLES = Path(__file__).parents[2] / "configs" / "detectron2"


def batch() -> list[dict]:
    instances = Instances((96, 128))
    instances.gt_boxes = Boxes(torch.tensor([[10.0, 10.0, 60.0, 70.0]]))
    instances.gt_classes = torch.tensor([1])
    return [{"image": torch.full((3, 96, 128), 100, dtype=torch.uint8), "instances": instances}]


def test_the_shipped_example_trains_and_detects() -> None:
    model = instantiate(LazyConfig.load(str(EXAMPLES / "faster_rcnn_r50_c4.py")).model)
    with EventStorage():
        losses = model(batch())
    assert set(losses) == {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg"}
    sum(losses.values()).backward()
    model.eval()
    assert len(model(batch())) == 1


def test_it_has_the_weights_of_the_yaml_form() -> None:
    model = instantiate(LazyConfig.load(str(EXAMPLES / "faster_rcnn_r50_c4.py")).model)
    cfg = config.load("coco_r101", ["MODEL.RESNETS.DEPTH", "50", "MODEL.DEVICE", "cpu"])
    from resdet.modeling.parts import build_parts

    yaml_form = d2.build_model(cfg, build_parts(cfg, with_weights=False))
    ours, theirs = d2.canonical_state(model), d2.canonical_state(yaml_form)
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in theirs.items()}
