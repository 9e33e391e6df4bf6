"""detectron2's own detectors, timed as `resdet.benchmarks.our_detector` times ours.

`python -m resdet.benchmarks.peers.detectron2_detector TASK` prints JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model
from detectron2.structures import Boxes, Instances
from detectron2.utils.events import EventStorage
from torch import Tensor

from backbones.weights import checkpoint
from resdet.benchmarks.detector_task import KINDS, Task, columns, print_measured
from resdet.benchmarks.detector_timing import images_of, objects, timed, timed_steps


def measure(task: Task) -> dict[str, Any]:
    """A model that detectron2 builds of its own parts, with the weights of the file."""
    cfg = native_config(task.kind)
    cfg.MODEL.DEVICE = task.device
    model = build_model(cfg)
    model.load_state_dict(checkpoint.load(Path(task.weights))["model"])
    if task.work == "train":
        batches = [
            [{"image": p, "instances": _objects(p, task.side)} for p in batch]
            for batch in images_of(task)
        ]
        with EventStorage():
            return timed_steps(model.train(), model, batches, task)
    model.eval()
    inputs = [[{"image": picture} for picture in batch] for batch in images_of(task)]

    def detect(batch: list[dict[str, Tensor]]) -> list[Instances]:
        return [found["instances"].to("cpu") for found in model(batch)]

    with torch.no_grad():
        result = timed(detect, inputs, task)
        found = [one for batch in inputs for one in detect(batch)]
    result["found"] = [columns(f.pred_boxes.tensor, f.pred_classes, f.scores) for f in found]
    return result


def native_config(kind: str) -> CfgNode:
    """detectron2's defaults with what Base-RCNN-FPN.yaml says, or as they are, a C4."""
    structure, _, _, changes = KINDS[kind]
    cfg = get_cfg()
    model = cfg.MODEL
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
    boxes, labels = objects(side)
    instances = Instances(tuple(picture.shape[-2:]))
    instances.gt_boxes, instances.gt_classes = Boxes(boxes), labels
    return instances


if __name__ == "__main__":
    print_measured(measure)
