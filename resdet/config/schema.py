"""The keys we honour. `default_config` speaks detectron2's names, types and defaults;
`add_resdet_config` adds the few that detectron2 lacks, to ours or to its own `get_cfg()`.
"""

from __future__ import annotations

from typing import Any

from fvcore.common.config import CfgNode

from backbones.config.schema import WANDB

# name, type and default as in detectron2's get_cfg()
DETECTRON2: dict[str, Any] = {
    "VERSION": 2,
    "MODEL": {
        "DEVICE": "cuda",
        "META_ARCHITECTURE": "GeneralizedRCNN",
        "WEIGHTS": "",
        "MASK_ON": False,
        "KEYPOINT_ON": False,
        "LOAD_PROPOSALS": False,
        "PIXEL_MEAN": [103.530, 116.280, 123.675],
        "PIXEL_STD": [1.0, 1.0, 1.0],
        "BACKBONE": {"NAME": "build_resnet_backbone", "FREEZE_AT": 2},
        "RESNETS": {
            "DEPTH": 50,
            "OUT_FEATURES": ["res4"],
            "NORM": "FrozenBN",
            "STRIDE_IN_1X1": True,
            "RES5_DILATION": 1,
        },
        "FPN": {"IN_FEATURES": [], "OUT_CHANNELS": 256, "NORM": "", "FUSE_TYPE": "sum"},
        "PROPOSAL_GENERATOR": {"NAME": "RPN", "MIN_SIZE": 0},
        "ANCHOR_GENERATOR": {
            "NAME": "DefaultAnchorGenerator",
            "SIZES": [[32, 64, 128, 256, 512]],
            "ASPECT_RATIOS": [[0.5, 1.0, 2.0]],
            "OFFSET": 0.0,
        },
        "RPN": {
            "HEAD_NAME": "StandardRPNHead",
            "IN_FEATURES": ["res4"],
            "BOUNDARY_THRESH": -1,
            "IOU_THRESHOLDS": [0.3, 0.7],
            "IOU_LABELS": [0, -1, 1],
            "BATCH_SIZE_PER_IMAGE": 256,
            "POSITIVE_FRACTION": 0.5,
            "BBOX_REG_LOSS_TYPE": "smooth_l1",
            "BBOX_REG_LOSS_WEIGHT": 1.0,
            "BBOX_REG_WEIGHTS": (1.0, 1.0, 1.0, 1.0),
            "SMOOTH_L1_BETA": 0.0,
            "LOSS_WEIGHT": 1.0,
            "PRE_NMS_TOPK_TRAIN": 12000,
            "PRE_NMS_TOPK_TEST": 6000,
            "POST_NMS_TOPK_TRAIN": 2000,
            "POST_NMS_TOPK_TEST": 1000,
            "NMS_THRESH": 0.7,
            "CONV_DIMS": [-1],
        },
        "ROI_HEADS": {
            "NAME": "Res5ROIHeads",
            "NUM_CLASSES": 80,
            "IN_FEATURES": ["res4"],
            "IOU_THRESHOLDS": [0.5],
            "IOU_LABELS": [0, 1],
            "BATCH_SIZE_PER_IMAGE": 512,
            "POSITIVE_FRACTION": 0.25,
            "SCORE_THRESH_TEST": 0.05,
            "NMS_THRESH_TEST": 0.5,
            "PROPOSAL_APPEND_GT": True,
        },
        "ROI_BOX_HEAD": {
            "NAME": "",
            "FC_DIM": 1024,
            "BBOX_REG_LOSS_TYPE": "smooth_l1",
            "BBOX_REG_LOSS_WEIGHT": 1.0,
            "BBOX_REG_WEIGHTS": (10.0, 10.0, 5.0, 5.0),
            "SMOOTH_L1_BETA": 0.0,
            "POOLER_RESOLUTION": 14,
            "POOLER_SAMPLING_RATIO": 0,
            "POOLER_TYPE": "ROIAlignV2",
            "CLS_AGNOSTIC_BBOX_REG": False,
            "TRAIN_ON_PRED_BOXES": False,
        },
    },
    "INPUT": {
        "MIN_SIZE_TRAIN": (800,),
        "MIN_SIZE_TRAIN_SAMPLING": "choice",
        "MAX_SIZE_TRAIN": 1333,
        "MIN_SIZE_TEST": 800,
        "MAX_SIZE_TEST": 1333,
        "RANDOM_FLIP": "horizontal",
        "CROP": {"ENABLED": False, "TYPE": "relative_range", "SIZE": [0.9, 0.9]},
        "FORMAT": "BGR",
    },
    "DATASETS": {"TRAIN": (), "TEST": ()},
    "DATALOADER": {
        "NUM_WORKERS": 4,
        "ASPECT_RATIO_GROUPING": True,
        "SAMPLER_TRAIN": "TrainingSampler",
        "FILTER_EMPTY_ANNOTATIONS": True,
    },
    "SOLVER": {
        "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
        "MAX_ITER": 40000,
        "BASE_LR": 0.001,
        "BASE_LR_END": 0.0,
        "MOMENTUM": 0.9,
        "NESTEROV": False,
        "WEIGHT_DECAY": 0.0001,
        "WEIGHT_DECAY_NORM": 0.0,
        "WEIGHT_DECAY_BIAS": None,
        "BIAS_LR_FACTOR": 1.0,
        "GAMMA": 0.1,
        "STEPS": (30000,),
        "WARMUP_FACTOR": 1.0 / 1000,
        "WARMUP_ITERS": 1000,
        "WARMUP_METHOD": "linear",
        "CHECKPOINT_PERIOD": 5000,
        "IMS_PER_BATCH": 16,
        "CLIP_GRADIENTS": {
            "ENABLED": False,
            "CLIP_TYPE": "value",
            "CLIP_VALUE": 1.0,
            "NORM_TYPE": 2.0,
        },
        "AMP": {"ENABLED": False},
    },
    "TEST": {
        "EVAL_PERIOD": 0,
        "DETECTIONS_PER_IMAGE": 100,
        "AUG": {
            "ENABLED": False,
            "MIN_SIZES": (400, 500, 600, 700, 800, 900, 1000, 1100, 1200),
            "MAX_SIZE": 4000,
            "FLIP": True,
        },
    },
    "OUTPUT_DIR": "./output",
    "SEED": -1,
    "CUDNN_BENCHMARK": False,
}

# what detectron2 has no word for
RESDET: dict[str, Any] = {
    "MODEL": {
        "COMPILE": False,  # torch.compile of trunk and RPN head in training
        "BACKBONE": {
            "WIDTH": 1.0,  # factor on every channel count
            "NETWORK": "",  # of build_resdet_network[_fpn]_backbone: a name of backbones.names()
        },
        "VGG": {"DEPTH": 16, "NORM": ""},
        "ROI_BOX_HEAD": {"DROPOUT": 0.0},  # after fc6 and fc7 of FC6FC7Head
    },
    "INPUT": {
        "SCALE_JITTER": [1.0, 1.0],  # range of a factor on the shorter side
        "COLOR_JITTER": 0.0,  # strength of brightness, contrast, saturation
    },
    "DATASETS": {
        "ROOT": "",  # else $DETECTRON2_DATASETS, else ./datasets
        "CLASSES": [],  # of a custom VOC folder; else classes.txt or what its files name
        "USE_DIFFICULT": True,  # train on VOC's `difficult`, as detectron2 does
    },
    "SOLVER": {
        "REFERENCE_IMS_PER_BATCH": 0,  # the batch BASE_LR was chosen for; 0: IMS_PER_BATCH
        "CHECKPOINT_KEEP": 3,  # the newest checkpoints, 0: all
        "ROLL_BACK": False,  # a loss not finite: once back to the last one, at half the rate
        "AMP": {"PRECISION": "bf16"},
    },
    "WANDB": WANDB,
    "TEST": {
        "PICTURES": 4,  # test images whose detections are drawn for the boards at each evaluation
        # off; with TEST.AUG the extras of the paper's entries, its Appendix B
        "REFINE": False,  # look again at the boxes found; suppress at 0.3, vote
        "MAXOUT_SIZES": [],  # shorter sides of a pyramid; each region reads two adjacent ones
        "ENSEMBLE": [],  # checkpoints of detectors of the same classes
    },
}


def default_config() -> CfgNode:
    """Every key we honour, detectron2's and ours, with its default."""
    cfg = CfgNode(DETECTRON2).clone()
    add_resdet_config(cfg)
    return cfg


def add_resdet_config(cfg: CfgNode) -> None:
    """Add our keys to `cfg` in place, keeping those that are there: calling twice is harmless."""
    _add(cfg, RESDET)


def _add(node: CfgNode, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            if key not in node:
                node[key] = type(node)()
            _add(node[key], value)
        elif key not in node:
            node[key] = list(value) if isinstance(value, list) else value
