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

_KEYS = (
    *("DATASETS.TRAIN", "DATASETS.TEST", "MODEL.WEIGHTS"),
    *("MODEL.BACKBONE.NAME", "MODEL.BACKBONE.WIDTH", "MODEL.BACKBONE.FREEZE_AT"),
    *("MODEL.RESNETS.DEPTH", "MODEL.RESNETS.NORM", "MODEL.VGG.NORM"),
    *("MODEL.ANCHOR_GENERATOR.SIZES", "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS"),
    *("MODEL.ROI_BOX_HEAD.NAME", "MODEL.ROI_BOX_HEAD.FC_DIM", "MODEL.ROI_BOX_HEAD.POOLER_TYPE"),
    *("INPUT.MIN_SIZE_TRAIN", "INPUT.MIN_SIZE_TEST", "INPUT.SCALE_JITTER", "INPUT.MOSAIC"),
    *("SOLVER.OPTIMIZER", "SOLVER.BASE_LR", "SOLVER.WEIGHT_DECAY", "SOLVER.LR_SCHEDULER_NAME"),
    *("SOLVER.IMS_PER_BATCH", "SOLVER.MAX_ITER", "SOLVER.WARMUP_ITERS"),
)
# where the paper's configs depart from it themselves
_PAPER: Mapping[str, Any] = {
    "MODEL.WEIGHTS": "of the authors",
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": "ROIPool",
    "SOLVER.WARMUP_ITERS": 0,
}
_STEPS = "RPN and head are trained together, in the paper in four steps"


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


def _told(value: Any) -> str:
    return (value or "none") if isinstance(value, str) else json.dumps(value)
