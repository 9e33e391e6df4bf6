"""MODEL.*: name, type and default as in detectron2's get_cfg()."""

from __future__ import annotations

from backbones.config.keys import (
    BOXES,
    CELLS,
    CHANNELS,
    DIVISOR,
    FRACTION,
    LOW_HIGH,
    NAMES,
    NON_NEGATIVE,
    POINTS,
    POSITIVE,
    RATIO,
    SIDE,
    Compared,
    Key,
)
from resdet.config.backbones import NETWORK, NETWORK_FPN, RESNET, RESNET_FPN, VGG, VGG_FPN

# what detectron2's own parts do and torchvision's have no choice of
D2_LOSSES = {"d2": ("smooth_l1", "giou", "diou", "ciou")}

LOCALISERS = ("PerClassRPN", "PerClassRCNN")

GENERAL = (
    Key("MODEL.DEVICE", "cuda", "where it trains"),
    Key(
        "MODEL.META_ARCHITECTURE",
        "GeneralizedRCNN",
        "Faster R-CNN, or a localiser of ImageNet's CLS-LOC, alone or with an R-CNN",
        allowed=("GeneralizedRCNN",),
        engines={"tv": ("GeneralizedRCNN", *LOCALISERS)},
    ),
    Key(
        "MODEL.WEIGHTS",
        "",
        "a classifier or a detector to start from: a file, `torchvision:<weights>`, or empty",
        file=True,
    ),
    Key("MODEL.MASK_ON", False, "masks too", allowed=(False,)),
    Key("MODEL.KEYPOINT_ON", False, "keypoints too", allowed=(False,)),
    Key("MODEL.LOAD_PROPOSALS", False, "regions from a file", allowed=(False,)),
    Key(
        "MODEL.PIXEL_MEAN",
        [103.530, 116.280, 123.675],
        "subtracted from pixels in 0..255, in the order of INPUT.FORMAT; of weights, theirs",
        length=3,
    ),
    Key(
        "MODEL.PIXEL_STD",
        [1.0, 1.0, 1.0],
        "what pixels are divided by; of weights, theirs",
        bounds=DIVISOR,
        length=3,
    ),
)
BACKBONE = (
    Key(
        "MODEL.BACKBONE.NAME",
        "build_resnet_backbone",
        "the kind of network, with a feature pyramid or without",
        allowed=(RESNET, RESNET_FPN, VGG, VGG_FPN, NETWORK, NETWORK_FPN),
        compared=Compared(1, foreign=True),
    ),
    Key(
        "MODEL.BACKBONE.FREEZE_AT",
        2,
        "stages from the stem on that do not learn",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "MODEL.RESNETS.DEPTH",
        50,
        "layers of the residual network",
        allowed=(18, 34, 50, 101, 152),
        compared=Compared(5, foreign=True),
    ),
    Key("MODEL.RESNETS.OUT_FEATURES", ["res4"], "stages that the detector may read"),
    Key(
        "MODEL.RESNETS.NORM",
        "FrozenBN",
        "the norm of its layers",
        allowed=("FrozenBN", "BN", "SyncBN", "GN"),
    ),
    Key(
        "MODEL.RESNETS.STRIDE_IN_1X1",
        True,
        "bottlenecks halve in their first 1x1 layer, as the paper's and MSRA's",
        compared=Compared(6),
    ),
    Key(
        "MODEL.RESNETS.RES5_DILATION",
        1,
        "2: res5 keeps the resolution of res4",
        allowed=(1, 2),
        compared=Compared(7),
    ),
)
FPN = (
    Key(
        "MODEL.FPN.IN_FEATURES",
        [],
        "stages the pyramid is built on",
        form=NAMES,
        compared=Compared(8, foreign=True),
    ),
    Key(
        "MODEL.FPN.OUT_CHANNELS",
        256,
        "of each level",
        bounds=CHANNELS,
        compared=Compared(9),
    ),
    Key(
        "MODEL.FPN.NORM",
        "",
        "the norm of the pyramid's layers; empty: none",
        allowed=("", "BN", "SyncBN", "GN"),
        compared=Compared(10, foreign=True),
    ),
    Key(
        "MODEL.FPN.FUSE_TYPE",
        "sum",
        "how a level and the one above are joined",
        allowed=("sum", "avg"),
        compared=Compared(11),
    ),
)
RPN = (
    Key("MODEL.PROPOSAL_GENERATOR.NAME", "RPN", "what proposes regions", allowed=("RPN",)),
    Key(
        "MODEL.PROPOSAL_GENERATOR.MIN_SIZE",
        0,
        "pixels a side below which a region is dropped",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "MODEL.ANCHOR_GENERATOR.NAME",
        "DefaultAnchorGenerator",
        "what makes anchors",
        allowed=("DefaultAnchorGenerator",),
    ),
    Key(
        "MODEL.ANCHOR_GENERATOR.SIZES",
        [[32, 64, 128, 256, 512]],
        "roots of the anchors' areas, pixels, for each of RPN.IN_FEATURES or once for all",
        bounds=SIDE,
        compared=Compared(12),
    ),
    Key(
        "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS",
        [[0.5, 1.0, 2.0]],
        "heights by widths, for each of RPN.IN_FEATURES or once for all",
        bounds=RATIO,
        compared=Compared(13),
    ),
    Key(
        "MODEL.ANCHOR_GENERATOR.OFFSET",
        0.0,
        "of an anchor's centre in its cell, in strides",
        allowed=(0.0,),
        engines={"d2": (0.0, 0.5)},
        compared=Compared(14),
    ),
    Key(
        "MODEL.RPN.HEAD_NAME",
        "StandardRPNHead",
        "the layers of the RPN",
        allowed=("StandardRPNHead",),
    ),
    Key(
        "MODEL.RPN.IN_FEATURES",
        ["res4"],
        "stages or levels the RPN reads",
        compared=Compared(16, foreign=True),
    ),
    Key(
        "MODEL.RPN.BOUNDARY_THRESH",
        -1,
        "pixels outside the image from which an anchor is not trained; -1: all are",
    ),
    Key(
        "MODEL.RPN.IOU_THRESHOLDS",
        [0.3, 0.7],
        "overlap below which an anchor is background, and from which it is an object",
        bounds=FRACTION,
        length=2,
        form=LOW_HIGH,
    ),
    Key(
        "MODEL.RPN.IOU_LABELS",
        [0, -1, 1],
        "what anchors between the thresholds are; -1: ignored",
        allowed=([0, -1, 1],),
    ),
    Key("MODEL.RPN.BATCH_SIZE_PER_IMAGE", 256, "anchors in the loss", bounds=POSITIVE),
    Key("MODEL.RPN.POSITIVE_FRACTION", 0.5, "objects among them, at most", bounds=FRACTION),
    Key(
        "MODEL.RPN.BBOX_REG_LOSS_TYPE",
        "smooth_l1",
        "the loss of its boxes",
        allowed=("smooth_l1",),
        engines=D2_LOSSES,
    ),
    Key(
        "MODEL.RPN.BBOX_REG_LOSS_WEIGHT",
        1.0,
        "factor on the loss of its boxes",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "MODEL.RPN.BBOX_REG_WEIGHTS",
        (1.0, 1.0, 1.0, 1.0),
        "factors on the deltas of its boxes",
        bounds=POSITIVE,
        length=4,
        compared=Compared(17),
    ),
    Key(
        "MODEL.RPN.SMOOTH_L1_BETA",
        0.0,
        "where the loss of its boxes turns from square to straight",
        bounds=NON_NEGATIVE,
    ),
    Key("MODEL.RPN.LOSS_WEIGHT", 1.0, "factor on both its losses", bounds=NON_NEGATIVE),
    Key(
        "MODEL.RPN.PRE_NMS_TOPK_TRAIN",
        12000,
        "regions of a level before suppression, in training",
        bounds=BOXES,
    ),
    Key(
        "MODEL.RPN.PRE_NMS_TOPK_TEST",
        6000,
        "regions of a level before suppression, in tests",
        bounds=BOXES,
    ),
    Key(
        "MODEL.RPN.POST_NMS_TOPK_TRAIN",
        2000,
        "regions of an image after suppression, in training",
        bounds=BOXES,
    ),
    Key(
        "MODEL.RPN.POST_NMS_TOPK_TEST",
        1000,
        "regions of an image after suppression, in tests",
        bounds=BOXES,
    ),
    Key("MODEL.RPN.NMS_THRESH", 0.7, "overlap above which a region is dropped", bounds=FRACTION),
    Key("MODEL.RPN.CONV_DIMS", [-1], "its hidden layers", allowed=([-1],)),
)
ROI_HEADS = (
    Key(
        "MODEL.ROI_HEADS.NAME",
        "Res5ROIHeads",
        "whether the box head sees the whole image beside each region (ContextROIHeads)",
        allowed=("StandardROIHeads", "ContextROIHeads"),
        compared=Compared(19, foreign=True),
    ),
    Key("MODEL.ROI_HEADS.NUM_CLASSES", 80, "without the background", bounds=CHANNELS),
    Key(
        "MODEL.ROI_HEADS.IN_FEATURES",
        ["res4"],
        "stages or levels regions are read from",
        compared=Compared(18, foreign=True),
    ),
    Key(
        "MODEL.ROI_HEADS.IOU_THRESHOLDS",
        [0.5],
        "overlap from which a region is an object in training",
        bounds=FRACTION,
        length=1,
    ),
    Key(
        "MODEL.ROI_HEADS.IOU_LABELS",
        [0, 1],
        "what regions below and above it are",
        allowed=([0, 1],),
    ),
    Key("MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE", 512, "regions in the loss", bounds=POSITIVE),
    Key("MODEL.ROI_HEADS.POSITIVE_FRACTION", 0.25, "objects among them, at most", bounds=FRACTION),
    Key(
        "MODEL.ROI_HEADS.SCORE_THRESH_TEST",
        0.05,
        "the least score of a detection",
        bounds=FRACTION,
    ),
    Key(
        "MODEL.ROI_HEADS.NMS_THRESH_TEST",
        0.5,
        "overlap above which a detection is dropped",
        bounds=FRACTION,
    ),
    Key(
        "MODEL.ROI_HEADS.PROPOSAL_APPEND_GT",
        True,
        "true boxes are regions in training",
        allowed=(True,),
        engines={"d2": (True, False)},
    ),
)
BOX_HEAD = Key(
    "MODEL.ROI_BOX_HEAD.NAME",
    "",
    "what describes a region: a head of ours or one that a plugin registers",
    allowed=("Conv5Head", "FC6FC7Head"),
    compared=Compared(20, foreign=True),
)
ROI_BOX_HEAD = (
    BOX_HEAD,
    Key(
        "MODEL.ROI_BOX_HEAD.FC_DIM",
        1024,
        "outputs of fc6 and fc7",
        bounds=CHANNELS,
        compared=Compared(21),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_TYPE",
        "smooth_l1",
        "the loss of boxes",
        allowed=("smooth_l1",),
        engines=D2_LOSSES,
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_WEIGHT",
        1.0,
        "factor on the loss of boxes",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS",
        (10.0, 10.0, 5.0, 5.0),
        "factors on the deltas of boxes",
        bounds=POSITIVE,
        length=4,
        compared=Compared(22),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.SMOOTH_L1_BETA",
        0.0,
        "where the loss of boxes turns from square to straight",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION",
        14,
        "cells a side that a region is pooled to",
        bounds=CELLS,
        compared=Compared(24),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO",
        0,
        "points a side read in a cell; 0: as many as it has pixels",
        bounds=POINTS,
        compared=Compared(25),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.POOLER_TYPE",
        "ROIAlignV2",
        "how a region is pooled",
        allowed=("ROIAlignV2", "ROIAlign", "ROIPool"),
        compared=Compared(23),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG",
        False,
        "one box for all classes",
        allowed=(False,),
        engines={"d2": (False, True)},
        compared=Compared(15),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.TRAIN_ON_PRED_BOXES",
        False,
        "train on boxes as predicted",
        allowed=(False,),
    ),
)
KEYS = (*GENERAL, *BACKBONE, *FPN, *RPN, *ROI_HEADS, *ROI_BOX_HEAD)
