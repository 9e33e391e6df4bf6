from __future__ import annotations

import pytest

from resdet import config
from resdet.config import ConfigError

CASES = {
    "MODEL.MASK_ON": ("True", "MODEL.MASK_ON must be False, got True"),
    "MODEL.RESNETS.DEPTH": (
        "77",
        "MODEL.RESNETS.DEPTH must be 18 or 34 or 50 or 101 or 152, got 77",
    ),
    "MODEL.RPN.IN_FEATURES": ("['res9']", "MODEL.RPN.IN_FEATURES must be of"),
    "MODEL.RPN.CONV_DIMS": ("[256]", r"MODEL.RPN.CONV_DIMS must be \[-1\], got \[256\]"),
    "MODEL.ANCHOR_GENERATOR.SIZES": ("[[8], [16]]", "SIZES must have 1 row or one for each"),
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": ("'ROIWarp'", "'ROIAlignV2' or 'ROIAlign' or 'ROIPool'"),
    "SOLVER.MAX_ITER": ("0", "SOLVER.MAX_ITER must be > 0, got 0"),
    "INPUT.SCALE_JITTER": ("[2.0, 1.0]", "INPUT.SCALE_JITTER must be .* with 0 < low <= high"),
    "DATASETS.TRAIN": ("()", "DATASETS.TRAIN must name a dataset, got none"),
}


@pytest.mark.parametrize("key", CASES)
def test_one_fault(key: str) -> None:
    value, message = CASES[key]
    with pytest.raises(ConfigError, match=message):
        config.check(config.load("coco_r101", [key, value]))


def test_all_faults_come_together() -> None:
    overrides = ["MODEL.MASK_ON", "True", "SOLVER.BASE_LR", "0.0", "DATASETS.TRAIN", "()"]
    with pytest.raises(ConfigError) as caught:
        config.check(config.load("coco_r101", overrides))
    assert len(caught.value.faults) == 3


def test_conv5_head_wants_a_residual_network_without_pyramid() -> None:
    for name in ("coco_vgg16", "coco_r101_fpn"):
        with pytest.raises(ConfigError, match="MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head'"):
            config.check(config.load(name, ["MODEL.ROI_BOX_HEAD.NAME", "Conv5Head"]))


def test_stock_detectron2_names_are_refused_by_name() -> None:
    with pytest.raises(
        ConfigError, match="build_resdet_resnet_backbone.*got 'build_resnet_backbone'"
    ):
        config.check(config.default_config())
