"""What Tables 7 and 8 compare: two networks in one detector, trained alike on the same data.

Source: He et al. 2016, section 4.3 and Appendix A.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fvcore.common.config import CfgNode

from resdet import config

NETWORKS = {"vgg16": "VGG-16", "r101": "ResNet-101", "r18": "ResNet-18"}
OWN = "own_vgg16", "own_r18"


@dataclass(frozen=True)
class Row:
    """A network by its config, and the data it is trained on."""

    config: str
    data: str

    @property
    def network(self) -> str:
        """As the paper calls it."""
        return NETWORKS[self.config.rpartition("_")[2]]

    @property
    def label(self) -> str:
        """As --only names it."""
        return f"{self.network} {self.data}"


@dataclass(frozen=True)
class Table:
    """`kind` are the rules that measure, "voc" or "coco"; of `measures` the names in results.

    `data` is what the paper trained on, by the name that its configs begin with.
    """

    title: str
    kind: str
    measures: Mapping[str, str]
    data: Mapping[str, str]

    def pairs(self) -> list[tuple[Row, Row]]:
        """The paper's, the baseline first."""
        networks = "vgg16", "r101"
        return [
            (Row(f"{name}_{networks[0]}", told), Row(f"{name}_{networks[1]}", told))
            for name, told in self.data.items()
        ]


TABLES: Mapping[str, Table] = {
    "table7": Table(
        "Table 7: PASCAL VOC, Faster R-CNN with VGG-16 and with a residual network",
        "voc",
        {"mAP": "mAP@0.50"},
        {"voc0712": "07+12", "voc07pp12": "07++12"},
    ),
    "table8": Table(
        "Table 8: COCO val, Faster R-CNN with VGG-16 and with a residual network",
        "coco",
        {"mAP@.5": "AP50", "mAP@[.5,.95]": "AP"},
        {"coco2014": "COCO"},
    ),
}

# key -> what it is about
_KEYS: Mapping[str, str] = {
    **dict.fromkeys(("DATASETS.TRAIN", "DATASETS.TEST"), "data"),
    "MODEL.WEIGHTS": "weights to begin with",
    "MODEL.BACKBONE.NAME": "trunk",
    "MODEL.BACKBONE.WIDTH": "width",
    "MODEL.BACKBONE.FREEZE_AT": "frozen stages",
    "MODEL.RESNETS.DEPTH": "depth",
    **dict.fromkeys(("MODEL.RESNETS.NORM", "MODEL.VGG.NORM"), "normalisation"),
    "MODEL.ANCHOR_GENERATOR.SIZES": "anchors",
    "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS": "anchors",
    **dict.fromkeys(("MODEL.ROI_BOX_HEAD.NAME", "MODEL.ROI_BOX_HEAD.FC_DIM"), "head"),
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": "RoI pooling",
    **dict.fromkeys(("INPUT.MIN_SIZE_TRAIN", "INPUT.MIN_SIZE_TEST"), "size of the images"),
    **dict.fromkeys(("INPUT.SCALE_JITTER", "INPUT.MOSAIC"), "augmentation"),
    "SOLVER.OPTIMIZER": "optimiser",
    "SOLVER.BASE_LR": "rate",
    "SOLVER.WEIGHT_DECAY": "weight decay",
    "SOLVER.LR_SCHEDULER_NAME": "schedule",
    "SOLVER.IMS_PER_BATCH": "batch",
    "SOLVER.MAX_ITER": "iterations",
    "SOLVER.WARMUP_ITERS": "warm-up",
}
# where the paper's configs depart from it themselves
_PAPER: Mapping[str, Any] = {
    "MODEL.WEIGHTS": "of the authors",
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": "ROIPool",
    "SOLVER.WARMUP_ITERS": 0,
}
_STEPS = "RPN and head are trained together, in the paper in four steps"
_SUBJECTS: Mapping[str, str] = {**_KEYS, _STEPS: "steps of training"}


def deviations(table: Table, cfgs: Sequence[CfgNode | None]) -> list[str]:
    """What is not as in the paper, of the baseline and the other, where they are: a line each."""
    lines = {_STEPS: None}
    for cfg, row in zip(cfgs, table.pairs()[0], strict=True):
        paper = config.load(row.config)
        for key in _KEYS if cfg else ():
            now, then = config.get(cfg, key), _PAPER.get(key, config.get(paper, key))
            if now != then:
                lines[f"{key} {_told(now)}, in the paper {_told(then)}"] = None
    return list(lines)


def subjects(told: Sequence[str]) -> list[str]:
    """What lines of `deviations` are about, each once."""
    return list(dict.fromkeys(_SUBJECTS.get(x, _SUBJECTS.get(x.split()[0], x)) for x in told))


def _told(value: Any) -> str:
    return (value or "none") if isinstance(value, str) else json.dumps(value)
