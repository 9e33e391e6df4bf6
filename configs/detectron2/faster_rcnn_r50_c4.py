"""detectron2's LazyConfig of a Faster R-CNN on our ResNet-50: coco_r101.yaml at depth 50.

`LazyConfig.load` this file, or import `model` from it, and add dataloader, optimizer, ...
Weights of ours fit: train.init_checkpoint = a model_final.pth of a detector or a classifier.
"""

from detectron2.config import LazyCall as L
from detectron2.layers import ShapeSpec
from detectron2.modeling import GeneralizedRCNN, StandardROIHeads
from detectron2.modeling.anchor_generator import DefaultAnchorGenerator
from detectron2.modeling.box_regression import Box2BoxTransform
from detectron2.modeling.matcher import Matcher
from detectron2.modeling.poolers import ROIPooler
from detectron2.modeling.proposal_generator import RPN, StandardRPNHead
from detectron2.modeling.roi_heads import FastRCNNOutputLayers

from resdet.engines.d2 import ResdetBackbone, make_conv5_head, make_trunk

network = {"name": "resnet50", "norm": "FrozenBN", "stride_in_1x1": False}

model = L(GeneralizedRCNN)(
    backbone=L(ResdetBackbone)(trunk=L(make_trunk)(**network, features=["res4"], freeze_at=2)),
    proposal_generator=L(RPN)(
        in_features=["res4"],
        head=L(StandardRPNHead)(in_channels=1024, num_anchors=12),
        anchor_generator=L(DefaultAnchorGenerator)(
            sizes=[[64, 128, 256, 512]], aspect_ratios=[0.5, 1.0, 2.0], strides=[16]
        ),
        anchor_matcher=L(Matcher)(
            thresholds=[0.3, 0.7], labels=[0, -1, 1], allow_low_quality_matches=True
        ),
        box2box_transform=L(Box2BoxTransform)(weights=(1.0, 1.0, 1.0, 1.0)),
        batch_size_per_image=256,
        positive_fraction=0.5,
        pre_nms_topk=(12000, 6000),
        post_nms_topk=(2000, 300),
        nms_thresh=0.7,
        anchor_boundary_thresh=0,
        smooth_l1_beta=1 / 9,
    ),
    roi_heads=L(StandardROIHeads)(
        num_classes=80,
        batch_size_per_image=64,
        positive_fraction=0.25,
        proposal_matcher=L(Matcher)(
            thresholds=[0.5], labels=[0, 1], allow_low_quality_matches=False
        ),
        box_in_features=["res4"],
        box_pooler=L(ROIPooler)(
            output_size=14, scales=(1 / 16,), sampling_ratio=0, pooler_type="ROIAlignV2"
        ),
        box_head=L(make_conv5_head)(**network),
        box_predictor=L(FastRCNNOutputLayers)(
            input_shape=L(ShapeSpec)(channels=2048),
            box2box_transform=L(Box2BoxTransform)(weights=(10, 10, 5, 5)),
            num_classes="${..num_classes}",
            test_score_thresh=0.05,
            test_nms_thresh=0.3,
            test_topk_per_image=100,
            smooth_l1_beta=1.0,
        ),
    ),
    pixel_mean=[123.675, 116.28, 103.53],
    pixel_std=[58.395, 57.12, 57.375],
    input_format="RGB",
)
