"""detectron2's own detectors, timed as `resdet.benchmarks.detectors` times ours.

`python -m resdet.engines.d2.detector_peer WORK KIND WEIGHTS SIDE IMAGES` prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model
from detectron2.structures import Boxes, Instances
from detectron2.utils.events import EventStorage
from torch import Tensor

from backbones import checkpoint
from resdet.benchmarks import detectors


def measure(
    work: detectors.Work, kind: str, weights: Path, side: int, images: int
) -> dict[str, Any]:
    """A model that detectron2 builds of its own parts, with the weights of the file."""
    model = build_model(native_config(kind))
    model.load_state_dict(checkpoint.load(weights)["model"])
    if work == "train":
        batch = [{"image": p, "instances": _objects(p, side)} for p in detectors.pictures(side, 2)]
        with EventStorage():
            return detectors.timed_steps(model.train(), model, batch, images)
    model.eval()
    inputs = [[{"image": picture}] for picture in detectors.pictures(side, images)]
    with torch.no_grad():
        result = detectors.timed(model, inputs)
        found = [model(one)[0]["instances"] for one in inputs]
    result["found"] = [
        {
            "boxes": f.pred_boxes.tensor.tolist(),
            "labels": f.pred_classes.tolist(),
            "scores": f.scores.tolist(),
        }
        for f in found
    ]
    return result


def native_config(kind: str) -> CfgNode:
    """detectron2's defaults with what Base-RCNN-FPN.yaml says, or as they are, a C4."""
    structure, _, changes = detectors.KINDS[kind]
    cfg = get_cfg()
    model = cfg.MODEL
    model.DEVICE = "cpu"
    if structure == "FPN":
        stages = ["res2", "res3", "res4", "res5"]
        model.BACKBONE.NAME = "build_resnet_fpn_backbone"
        model.RESNETS.OUT_FEATURES = model.FPN.IN_FEATURES = stages
        model.ANCHOR_GENERATOR.SIZES = [[32], [64], [128], [256], [512]]
        model.RPN.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
        model.RPN.PRE_NMS_TOPK_TRAIN, model.RPN.PRE_NMS_TOPK_TEST = 2000, 1000
        model.RPN.POST_NMS_TOPK_TRAIN = 1000
        model.ROI_HEADS.NAME, model.ROI_HEADS.IN_FEATURES = "StandardROIHeads", stages
        model.ROI_HEADS.IN_FEATURES = ["p2", "p3", "p4", "p5"]
        head = model.ROI_BOX_HEAD
        head.NAME, head.NUM_FC, head.POOLER_RESOLUTION = "FastRCNNConvFCHead", 2, 7
    cfg.merge_from_list(list(changes))
    return cfg


def _objects(picture: Tensor, side: int) -> Instances:
    boxes, labels = detectors.objects(side)
    instances = Instances(tuple(picture.shape[-2:]))
    instances.gt_boxes, instances.gt_classes = Boxes(boxes), labels
    return instances


if __name__ == "__main__":
    print(json.dumps(measure(*detectors.arguments(sys.argv[1:]))))
