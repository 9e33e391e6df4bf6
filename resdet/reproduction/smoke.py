"""Seconds on one core of any config of detection: its keys, its images, what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resdet.data.shapes.make import make_shape_published, make_shapes

SMOKE: Mapping[str, Any] = {
    "MODEL.DEVICE": "cpu",
    "MODEL.WEIGHTS": "''",
    "MODEL.BACKBONE.WIDTH": 0.125,
    "MODEL.BACKBONE.FREEZE_AT": 0,
    "MODEL.RESNETS.DEPTH": 18,
    "MODEL.RESNETS.NORM": "GN",
    "MODEL.VGG.NORM": "GN",
    "MODEL.ROI_BOX_HEAD.FC_DIM": 64,
    "MODEL.ROI_HEADS.SCORE_THRESH_TEST": 0.001,
    "MODEL.RPN.POST_NMS_TOPK_TEST": 10,
    "INPUT.MIN_SIZE_TRAIN": [64],
    "INPUT.MAX_SIZE_TRAIN": 96,
    "INPUT.MIN_SIZE_TEST": 64,
    "INPUT.MAX_SIZE_TEST": 96,
    "DATALOADER.NUM_WORKERS": 0,
    "SOLVER.IMS_PER_BATCH": 2,
    "SOLVER.REFERENCE_IMS_PER_BATCH": 2,
    "SOLVER.MAX_ITER": 4,
    "SOLVER.STEPS": [3],
    "TEST.PICTURES": 0,
}
SMOKE_REMARK = (
    "[smoke]: a few iterations of small networks on few images; the numbers mean nothing."
)


def smoke_shapes(folder: Path) -> Path:
    """The folder of synthetic shapes in `folder`, which all smokes that write there share."""
    make_shapes(folder / "shapes", num_train=24, num_val=4, num_test=8, size=96)
    return folder / "shapes"


def smoke_datasets(folder: Path) -> Path:
    """The same where VOC and COCO are looked for."""
    make_shape_published(smoke_shapes(folder), folder / "datasets")
    return folder / "datasets"
