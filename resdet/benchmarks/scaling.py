"""What detection, training and scoring cost as images, boxes and classes grow."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from backbones.benchmarks.growth import Axis, Step, grow, preload
from backbones.benchmarks.scaling import AXES as BACKBONE_AXES
from backbones.benchmarks.scaling import benchmark_backbone_scaling
from resdet import config, engines
from resdet.benchmarks.synthetic import make_voc
from resdet.data.voc.reader import load_voc
from resdet.detector.build import build_model
from resdet.engines import protocol
from resdet.engines.samples import Sample
from resdet.evaluation.voc.score import ground_truth_by_id, match_voc, score_voc
from resdet.structures.classes import VOC_CLASSES


def build_detection(
    *, size: int, batch: int, proposals: int, classes: int, objects: int, device: str
) -> Step:
    """One pass of a small Faster R-CNN over random pixels, with that many proposals an image."""
    engine, model = _model(proposals, classes, device)
    samples = [_sample(size, objects, classes) for _ in range(batch)]
    model.eval()

    @torch.inference_mode()
    def step() -> None:
        engine.detect(model, samples)

    return step


def build_training(
    *, size: int, batch: int, proposals: int, classes: int, objects: int, device: str
) -> Step:
    """One forward and backward pass over images with that many objects each."""
    engine, model = _model(proposals, classes, device)
    samples = [_sample(size, objects, classes) for _ in range(batch)]
    model.train()

    def step() -> None:
        model.zero_grad(set_to_none=True)
        loss = torch.stack(list(engine.compute_losses(model, samples).values())).sum()
        loss.backward()  # type: ignore[no-untyped-call]

    return step


def build_scoring(*, images: int, per_image: int) -> Step:
    """VOC's evaluation of that many random detections, from memory."""
    with tempfile.TemporaryDirectory() as folder:
        table = make_voc(Path(folder), num_images=images, num_detections=images * per_image)
        truths = ground_truth_by_id(load_voc(Path(folder), "test", images=False).records)
    return lambda: score_voc(match_voc(truths, table, VOC_CLASSES), "area")


_SMALL = {"size": 192, "batch": 1, "proposals": 100, "classes": 20, "objects": 0, "device": "cpu"}
_SCORED = {"images": 200, "per_image": 50}
_PAIRS = "the RPN compares its best candidates in pairs, up to PRE_NMS_TOPK of them"
DETECTION_AXES = {
    "detection, image size": Axis(
        build_detection, "size", (128, 256, 512, 768), _SMALL, beside=_PAIRS
    ),
    "detection, batch": Axis(build_detection, "batch", (1, 2, 4, 8), _SMALL),
    "detection, proposals": Axis(
        build_detection, "proposals", (50, 200, 800), {**_SMALL, "size": 512}
    ),
    "detection, classes": Axis(
        build_detection,
        "classes",
        (20, 80, 320, 1280),
        _SMALL,
        beside="each class has a box of its own in each proposal, decoded and clipped",
    ),
    "training, image size": Axis(
        build_training, "size", (128, 256, 512, 768), {**_SMALL, "objects": 8}, beside=_PAIRS
    ),
    "training, objects": Axis(
        build_training, "objects", (1, 8, 64, 256), {**_SMALL, "size": 384}, counted=True
    ),
    "scoring, images": Axis(build_scoring, "images", (250, 1000, 4000), _SCORED, counted=True),
    "scoring, detections an image": Axis(
        build_scoring, "per_image", (50, 200, 800), _SCORED, counted=True
    ),
}
AXES = (*BACKBONE_AXES, "processes", *DETECTION_AXES)


def benchmark_scaling(
    axes: Sequence[str] = AXES,
    device: str = "cpu",
    values: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Any]:
    """Time and memory along each axis with their exponents; `values` replaces those of an axis.

    Raises: ValueError for an axis that is none of `AXES`.
    """
    if unknown := [axis for axis in axes if axis not in AXES]:
        raise ValueError(f"axes must be among {', '.join(AXES)}, got {', '.join(unknown)}")
    preload(__name__, "resdet.engines.tv")
    of_backbones = [axis for axis in axes if axis not in DETECTION_AXES]
    measured = benchmark_backbone_scaling(of_backbones, device, values)
    for axis in axes:
        if axis in DETECTION_AXES:
            measured["axes"][axis] = grow(DETECTION_AXES[axis], (values or {}).get(axis), device)
    return measured


def _model(proposals: int, classes: int, device: str) -> tuple[protocol.Engine, torch.nn.Module]:
    """ResNet-18 of a quarter of its width, C4; its scores as decided as those of a trained one."""
    keys = {
        "MODEL.WEIGHTS": "''",
        "MODEL.DEVICE": device,
        "MODEL.RPN.PRE_NMS_TOPK_TEST": 6000,
        "MODEL.RPN.POST_NMS_TOPK_TEST": proposals,
        "MODEL.ROI_HEADS.NUM_CLASSES": classes,
    }
    engine = engines.load("tv")
    flat = [str(text) for pair in keys.items() for text in pair]
    model, _ = build_model(config.load("shapes_r18", flat), engine)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("cls_score.weight"):
                parameter.mul_(30)
    return engine, model.to(device)


def _sample(size: int, objects: int, classes: int) -> Sample:
    corners = torch.rand(objects, 2) * size * 0.7
    return Sample(
        image=torch.randint(0, 256, (3, size, size), dtype=torch.uint8),
        boxes=torch.cat([corners, corners + size * (0.05 + 0.25 * torch.rand(objects, 2))], dim=1),
        labels=torch.randint(classes, (objects,)),
        image_id=0,
        height=size,
        width=size,
        index=0,
    )
