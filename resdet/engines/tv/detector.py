"""A Faster R-CNN of torchvision's detection parts around our trunk and head."""

from __future__ import annotations

import torch
from fvcore.common.config import CfgNode
from torch import Tensor
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.image_list import ImageList

from resdet.engines.tv.anchors import UnroundedAnchors
from resdet.engines.tv.localiser import Localiser, Regions, Sampling
from resdet.engines.tv.roi_heads import BoxHeads
from resdet.engines.tv.rpn import Float32RPNHead, ProposalNetwork, RPNLoss, Target
from resdet.modeling.batching import NormalizeAndPad
from resdet.modeling.context import CONTEXT_HEADS
from resdet.modeling.heads import BoxPredictor
from resdet.modeling.parts import Parts
from resdet.modeling.per_class import REFINED_LOCALISER, PerClassPredictor, PerClassRPNHead
from resdet.modeling.pooler import Pooler


class Transform(NormalizeAndPad):
    """`NormalizeAndPad` as torchvision calls it: targets pass through, detections stay as they are.

    The engine scales them back to the pixels of the image as given.
    """

    def forward(  # type: ignore[override]  # torchvision's own way to call it
        self, images: list[Tensor], targets: list[Target] | None = None
    ) -> tuple[ImageList, list[Target] | None]:
        """Batch the images."""
        batch = super().forward(images)
        return ImageList(batch.tensors, batch.image_sizes), targets

    def postprocess(
        self, detections: list[dict[str, Tensor]], *_: list[tuple[int, int]]
    ) -> list[dict[str, Tensor]]:
        """Detections stay in pixels of the image as given."""
        return detections


def build_detector(cfg: CfgNode, parts: Parts) -> GeneralizedRCNN:
    """Assemble what the config describes. MODEL.PIXEL_MEAN and PIXEL_STD are final by now."""
    features = cfg.MODEL.ROI_HEADS.IN_FEATURES
    transform = Transform(cfg.MODEL.PIXEL_MEAN, cfg.MODEL.PIXEL_STD, parts.size_divisibility)
    pooler = Pooler(
        {name: parts.infos[name].stride for name in features},
        cfg.MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION,
        cfg.MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO,
        cfg.MODEL.ROI_BOX_HEAD.POOLER_TYPE,
    )
    model = GeneralizedRCNN(
        parts.trunk, _build_rpn(cfg, parts), _build_heads(cfg, parts, pooler), transform
    )
    return model.to(memory_format=torch.channels_last)


def build_localiser(cfg: CfgNode, parts: Parts) -> Localiser:
    """Assemble what the config describes, as `build_detector`."""
    rpn, box_head, heads = cfg.MODEL.RPN, cfg.MODEL.ROI_BOX_HEAD, cfg.MODEL.ROI_HEADS
    (feature,) = rpn.IN_FEATURES
    anchors = _build_anchors(cfg, parts)
    (shapes,) = anchors.num_anchors_per_location()
    regions = None
    if cfg.MODEL.META_ARCHITECTURE == REFINED_LOCALISER:
        threshold = heads.IOU_THRESHOLDS[0]
        sampling = Sampling(
            heads.BATCH_SIZE_PER_IMAGE,
            heads.POSITIVE_FRACTION,
            (threshold, threshold),
            tuple(box_head.BBOX_REG_WEIGHTS),
            box_head.SMOOTH_L1_BETA,
        )
        predictor = PerClassPredictor(parts.head.out_channels, heads.NUM_CLASSES)
        regions = Regions(
            parts.head,
            predictor,
            sampling,
            rpn.POST_NMS_TOPK_TEST,
            rpn.NMS_THRESH,
            box_head.WARPED_SIZE,
        )
    model = Localiser(
        parts.trunk,
        feature,
        PerClassRPNHead(parts.infos[feature].channels, shapes, heads.NUM_CLASSES),
        anchors,
        NormalizeAndPad(cfg.MODEL.PIXEL_MEAN, cfg.MODEL.PIXEL_STD, parts.size_divisibility),
        Sampling(
            rpn.BATCH_SIZE_PER_IMAGE,
            rpn.POSITIVE_FRACTION,
            tuple(rpn.IOU_THRESHOLDS),
            tuple(rpn.BBOX_REG_WEIGHTS),
            rpn.SMOOTH_L1_BETA,
        ),
        cfg.TEST.DETECTIONS_PER_IMAGE,
        regions,
    )
    return model.to(memory_format=torch.channels_last)


def _build_anchors(cfg: CfgNode, parts: Parts) -> UnroundedAnchors:
    generator = cfg.MODEL.ANCHOR_GENERATOR
    strides = [parts.infos[name].stride for name in cfg.MODEL.RPN.IN_FEATURES]
    return UnroundedAnchors(generator.SIZES, generator.ASPECT_RATIOS, strides)


def _build_rpn(cfg: CfgNode, parts: Parts) -> ProposalNetwork:
    rpn = cfg.MODEL.RPN
    levels = [parts.infos[name] for name in rpn.IN_FEATURES]
    anchors = _build_anchors(cfg, parts)
    background, foreground = rpn.IOU_THRESHOLDS
    return ProposalNetwork(
        anchors,
        Float32RPNHead(levels[0].channels, anchors.num_anchors_per_location()[0]),
        fg_iou_thresh=foreground,
        bg_iou_thresh=background,
        batch_size_per_image=rpn.BATCH_SIZE_PER_IMAGE,
        positive_fraction=rpn.POSITIVE_FRACTION,
        pre_nms_top_n={"training": rpn.PRE_NMS_TOPK_TRAIN, "testing": rpn.PRE_NMS_TOPK_TEST},
        post_nms_top_n={"training": rpn.POST_NMS_TOPK_TRAIN, "testing": rpn.POST_NMS_TOPK_TEST},
        nms_thresh=rpn.NMS_THRESH,
        loss=RPNLoss(
            rpn.BOUNDARY_THRESH, rpn.SMOOTH_L1_BETA, rpn.LOSS_WEIGHT, rpn.BBOX_REG_LOSS_WEIGHT
        ),
        in_features=tuple(rpn.IN_FEATURES),
        bbox_reg_weights=tuple(rpn.BBOX_REG_WEIGHTS),
        min_size=cfg.MODEL.PROPOSAL_GENERATOR.MIN_SIZE,
    )


def _build_heads(cfg: CfgNode, parts: Parts, pooler: Pooler) -> BoxHeads:
    heads, box_head = cfg.MODEL.ROI_HEADS, cfg.MODEL.ROI_BOX_HEAD
    threshold = heads.IOU_THRESHOLDS[0]
    context = heads.NAME == CONTEXT_HEADS
    channels = parts.head.out_channels * (2 if context else 1)
    return BoxHeads(
        pooler,
        parts.head,
        BoxPredictor(channels, heads.NUM_CLASSES),
        fg_iou_thresh=threshold,
        bg_iou_thresh=threshold,
        batch_size_per_image=heads.BATCH_SIZE_PER_IMAGE,
        positive_fraction=heads.POSITIVE_FRACTION,
        bbox_reg_weights=tuple(box_head.BBOX_REG_WEIGHTS),
        score_thresh=heads.SCORE_THRESH_TEST,
        nms_thresh=heads.NMS_THRESH_TEST,
        detections_per_img=cfg.TEST.DETECTIONS_PER_IMAGE,
        smooth_l1_beta=box_head.SMOOTH_L1_BETA,
        box_weight=box_head.BBOX_REG_LOSS_WEIGHT,
        context=context,
    )
