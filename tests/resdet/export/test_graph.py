"""The graph finds what the engine finds, before any format comes into it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from resdet.export.exportable import load_exportable
from resdet.export.form import Form, contract_of
from resdet.export.graph import DetectorGraph, _apart
from resdet.export.pairing import compare
from resdet.export.suppression import by_offset
from resdet.structures.records import Detections

SIZES = ((96, 96), (70, 131), (160, 100))
PYRAMID = (
    *("MODEL.RPN.PRE_NMS_TOPK_TEST", "60", "MODEL.RPN.POST_NMS_TOPK_TEST", "40"),
    *("MODEL.ROI_BOX_HEAD.FC_DIM", "32", "MODEL.FPN.OUT_CHANNELS", "16"),
)
KINDS = {
    "C4": ("shapes_r18", ()),
    "C4 of bottlenecks": (
        "coco_r50_c4",
        (
            "MODEL.RESNETS.NORM",
            "FrozenBN",
            "MODEL.PIXEL_STD",
            "[999.0, 999.0, 999.0]",
        ),  # else scores saturate
    ),
    "FPN": ("coco_r50_fpn", ("MODEL.RESNETS.DEPTH", "18", *PYRAMID)),
    "VGG": ("shapes_vgg16", ("MODEL.ROI_BOX_HEAD.FC_DIM", "32")),
    "ROIPool, RGB": (
        "shapes_r18",
        ("MODEL.ROI_BOX_HEAD.POOLER_TYPE", "ROIPool", "INPUT.FORMAT", "RGB"),
    ),
    "context": ("shapes_r18", ("MODEL.ROI_HEADS.NAME", "ContextROIHeads")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_graph_equals_engine(saved_detector: Callable, kind: str) -> None:
    base, overrides = KINDS[kind]
    detector = load_exportable(saved_detector(*overrides, base=base))
    graph = DetectorGraph(detector.model, detector.channel_order, by_offset).eval()
    rng = np.random.default_rng(0)
    pairs = 0
    for height, width in SIZES:
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        resized = detector.resize(image)
        with torch.no_grad():
            boxes, labels, scores = (t.numpy() for t in graph(torch.from_numpy(resized)))
        scale = np.array([width / resized.shape[1], height / resized.shape[0]] * 2)
        found = Detections(0, boxes * scale, labels, scores)
        heads = detector.model.roi_heads
        difference = compare(detector.detect(image), found, heads.score_thresh, 100)
        assert difference.small, (height, width, difference)
        assert (np.diff(scores) <= 0).all()
        pairs += difference.pairs
    assert pairs > 10


def test_up_to_a_thousand_boxes_are_rounded_as_torchvision_rounds_them() -> None:
    torch.manual_seed(0)
    boxes = torch.rand(2, 80, 12, 4) * 1333
    scores = torch.ones(2, 80, 12)
    scores[0, 3, 4], boxes[0, 3, 4, 2] = 0.0, 5000.0  # no candidate: its corner does not count
    largest = torch.stack([b[s > 0].max() for b, s in zip(boxes, scores)])  # of each image
    expected = boxes + (torch.arange(80.0) * (largest + 1)[:, None])[..., None, None]
    assert torch.equal(_apart(boxes, scores), expected)
    last, apart = boxes[0, 79], expected[0, 79]
    assert not torch.equal(apart - apart.floor(), last - last.floor())
    many = boxes.repeat(1, 1, 2, 1)
    assert torch.equal(_apart(many, torch.ones(2, 80, 24)), many)


@pytest.mark.parametrize(
    ("kind", "size"),
    [("VGG", "at least 16 pixels a side"), ("FPN", "any size"), ("C4", "any size")],
)
def test_onnx_takes_what_leaves_its_map_a_cell(
    saved_detector: Callable, kind: str, size: str
) -> None:
    base, overrides = KINDS[kind]
    path = saved_detector(*overrides, base=base)
    told = contract_of(load_exportable(path), path, Form("onnx")).metadata["input"]
    assert told.endswith(f", RGB, {size}")
