"""torchvision's own detectors, timed as `resdet.benchmarks.our_detector` times ours.

`python -m resdet.benchmarks.peers.torchvision_detector TASK` prints JSON.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import vgg16
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from resdet import config
from resdet.benchmarks.detector_task import KINDS, Task, print_measured
from resdet.benchmarks.detector_timing import images_of, objects, timed, timed_steps
from resdet.engines.tv.detector import Transform

CLASSES = 81  # COCO's and the background
CONV3 = 10  # of vgg16's layers, the first after the second pool


def measure(task: Task) -> dict[str, Any]:
    """With random weights; images are not resized, as for the others."""
    torch.manual_seed(0)
    model = native_model(task.kind)
    device = torch.device(task.device)
    model.to(device)
    if task.work == "train":
        boxes, labels = objects(task.side)

        def losses(batch: list[Tensor]) -> dict[str, Tensor]:
            target = {"boxes": boxes.to(device), "labels": (labels + 1).to(device)}
            return model([picture.to(device) for picture in batch], [target] * len(batch))

        return timed_steps(model.train(), losses, images_of(task), task)
    model.eval()

    def detect(batch: list[Tensor]) -> list[dict[str, Tensor]]:
        found = model([picture.to(device) for picture in batch])
        return [{name: column.cpu() for name, column in one.items()} for one in found]

    with torch.inference_mode():
        return timed(detect, images_of(task), task)


def native_model(kind: str) -> FasterRCNN:
    """Frozen where ours is; of proposals and samples as many. Raises: ValueError if it has none.

    R-50-FPN is fasterrcnn_resnet50_fpn with norms frozen, as it comes with weights. VGG-16 is
    torchvision's vgg16 with its fc6 and fc7, its RoIAlign of 2 x 2 samples a bin, our anchors.
    """
    if kind == "R-50-FPN":
        trunk = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=3)
        model = FasterRCNN(trunk, CLASSES, rpn_post_nms_top_n_train=1000)
        multiple = 32
    elif kind == "VGG-16":
        model = _vgg16()
        multiple = 1
    else:
        raise ValueError(f"kind must be R-50-FPN or VGG-16, got {kind!r}")
    model.transform = Transform(
        [123.675, 116.28, 103.53], [58.395, 57.12, 57.375], divisibility=multiple
    )
    return model


def _vgg16() -> FasterRCNN:
    cfg = config.load(KINDS["VGG-16"].config)
    rpn, heads = cfg.MODEL.RPN, cfg.MODEL.ROI_HEADS
    anchors = cfg.MODEL.ANCHOR_GENERATOR
    network = vgg16(weights=None)
    trunk = network.features[:-1]  # conv5 without its pool
    trunk.out_channels = 512
    for parameter in trunk[:CONV3].parameters():
        parameter.requires_grad_(False)
    return FasterRCNN(
        trunk,
        rpn_anchor_generator=AnchorGenerator(
            tuple(map(tuple, anchors.SIZES)), tuple(map(tuple, anchors.ASPECT_RATIOS))
        ),
        rpn_pre_nms_top_n_train=rpn.PRE_NMS_TOPK_TRAIN,
        rpn_pre_nms_top_n_test=rpn.PRE_NMS_TOPK_TEST,
        rpn_post_nms_top_n_train=rpn.POST_NMS_TOPK_TRAIN,
        rpn_post_nms_top_n_test=rpn.POST_NMS_TOPK_TEST,
        box_roi_pool=MultiScaleRoIAlign(["0"], output_size=7, sampling_ratio=2),
        box_head=nn.Sequential(nn.Flatten(), *network.classifier[:-1]),
        box_predictor=FastRCNNPredictor(network.classifier[-1].in_features, CLASSES),
        box_batch_size_per_image=heads.BATCH_SIZE_PER_IMAGE,
        box_nms_thresh=heads.NMS_THRESH_TEST,
    )


if __name__ == "__main__":
    print_measured(measure)
