"""The few keys that detectron2 has no word for."""

from __future__ import annotations

from backbones.config.keys import (
    FACTOR,
    FRACTION,
    LOW_HIGH,
    NAMES,
    NON_NEGATIVE,
    POSITIVE,
    RISING,
    SIDE,
    Compared,
    Key,
)
from backbones.config.schema import WANDB

MODEL = (
    Key("MODEL.COMPILE", False, "`torch.compile` of trunk and RPN head in training"),
    Key(
        "MODEL.BACKBONE.WIDTH",
        1.0,
        "factor on every channel count",
        bounds=FACTOR,
        compared=Compared(3, foreign=True),
    ),
    Key(
        "MODEL.BACKBONE.NETWORK",
        "",
        "of build_resdet_network[_fpn]_backbone: a name of `backbones.names()`",
        compared=Compared(2, foreign=True),
    ),
    Key(
        "MODEL.VGG.DEPTH",
        16,
        "layers of the VGG",
        allowed=(16, 19),
        compared=Compared(4),
    ),
    Key(
        "MODEL.VGG.NORM",
        "",
        "the norm of its layers; empty: none",
        allowed=("", "FrozenBN", "BN", "SyncBN", "GN"),
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.DROPOUT",
        0.0,
        "after fc6 and fc7 of FC6FC7Head",
        bounds=FRACTION,
    ),
    Key(
        "MODEL.ROI_BOX_HEAD.WARPED_SIZE",
        224,
        "pixels a side that PerClassRCNN warps a region to",
        bounds=SIDE,
    ),
)
INPUT = (
    Key(
        "INPUT.SCALE_JITTER",
        [1.0, 1.0],
        "range of a factor on the shorter side in training",
        bounds=POSITIVE,
        length=2,
        form=LOW_HIGH,
    ),
    Key(
        "INPUT.COLOR_JITTER",
        0.0,
        "brightness, contrast and saturation vary by factors in 1 -+ this",
        bounds=FRACTION,
    ),
    Key("INPUT.MOSAIC", 0.0, "share of the images shown as one of four in one", bounds=FRACTION),
    Key("INPUT.MOSAIC_UNTIL", 0.8, "part of the run after which none is", bounds=FRACTION),
)
DATASETS = (
    Key("DATASETS.ROOT", "", "empty: $DETECTRON2_DATASETS, else ./datasets", file=True),
    Key(
        "DATASETS.CLASSES",
        [],
        "of a custom VOC folder; empty: classes.txt, or what its files name",
        form=NAMES,
    ),
    Key(
        "DATASETS.VOC_CORNERS",
        "auto",
        "how VOC's files count corners; auto: as what wrote them does, which a run keeps",
        allowed=("auto", "1-inclusive", "0-continuous", "1-continuous", "0-inclusive"),
    ),
    Key("DATASETS.USE_DIFFICULT", True, "train on VOC's `difficult`, as detectron2 does"),
)
SOLVER = (
    Key("SOLVER.OPTIMIZER", "SGD", "what moves the weights", allowed=("SGD", "ADAMW")),
    Key(
        "SOLVER.REFERENCE_IMS_PER_BATCH",
        0,
        "the batch BASE_LR was chosen for, by which the rate is scaled; 0: IMS_PER_BATCH",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "SOLVER.PATIENCE",
        0,
        "evaluations in a row without a better score, after which a run ends; 0: none",
        bounds=NON_NEGATIVE,
    ),
    Key("SOLVER.CHECKPOINT_KEEP", 3, "the newest checkpoints kept; 0: all", bounds=NON_NEGATIVE),
    Key(
        "SOLVER.ROLL_BACK",
        False,
        "a loss not finite: once back to the last checkpoint, at half the rate",
    ),
    Key("SOLVER.AMP.PRECISION", "bf16", "of mixed precision", allowed=("bf16", "fp16")),
)
# off; with TEST.AUG the extras of the paper's entries, its Appendix B
TEST = (
    Key(
        "TEST.PICTURES",
        4,
        "test images whose detections are drawn for the boards at each evaluation",
        bounds=NON_NEGATIVE,
    ),
    Key("TEST.REFINE", False, "look again at the boxes found; suppress at 0.3, vote"),
    Key(
        "TEST.MAXOUT_SIZES",
        [],
        "shorter sides of a pyramid; each region reads two adjacent ones",
        bounds=SIDE,
        empty=True,
        form=RISING,
    ),
    Key("TEST.ENSEMBLE", [], "checkpoints of detectors of the same classes", form=NAMES, file=True),
)
KEYS = (*MODEL, *INPUT, *DATASETS, *SOLVER, *WANDB, *TEST)
