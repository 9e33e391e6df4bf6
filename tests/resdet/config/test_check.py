from __future__ import annotations

import pytest

from backbones.config.keys import Key
from resdet import config
from resdet.config import ConfigError
from resdet.config.schema import KEYS

OPENED = [key for key in KEYS if key.engines]  # wider on one engine

CASES = [
    ("MODEL.MASK_ON", "True", "must be False, got True"),
    ("MODEL.RESNETS.DEPTH", "77", "must be 18 or 34 or 50 or 101 or 152, got 77"),
    ("MODEL.RESNETS.OUT_FEATURES", "['res5']", r"must hold \['res4'\], which the detector reads"),
    ("MODEL.RPN.IN_FEATURES", "['res9']", "must be of"),
    ("MODEL.RPN.IN_FEATURES", "['res3', 'res4']", "must be one stage without an FPN"),
    ("MODEL.ROI_HEADS.IN_FEATURES", "['res3', 'res4']", "must be one stage without an FPN"),
    ("MODEL.ROI_HEADS.PROPOSAL_APPEND_GT", "False", "must be True, got False; give --engine d2"),
    ("MODEL.RPN.CONV_DIMS", "[256]", r"must be \[-1\], got \[256\]"),
    ("MODEL.ANCHOR_GENERATOR.SIZES", "[[8], [16]]", "must have 1 row or one for each"),
    ("MODEL.ANCHOR_GENERATOR.SIZES", "[[-16]]", r"must be in \(0, 16384\]"),
    ("MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS", "[[0.0]]", r"must be in \[0.001, 1000\]"),
    ("MODEL.ANCHOR_GENERATOR.OFFSET", "0.5", r"must be 0\.0, got 0\.5"),
    ("MODEL.ROI_BOX_HEAD.POOLER_TYPE", "'ROIWarp'", "must be 'ROIAlignV2' or 'ROIAlign'"),
    ("MODEL.RPN.IOU_THRESHOLDS", "[0.7, 0.3]", r"must be \[low, high\]"),
    ("MODEL.RPN.IOU_THRESHOLDS", "[0.5]", r"must hold 2 number\(s\)"),
    ("MODEL.ROI_HEADS.IOU_THRESHOLDS", "[0.3, 0.5]", r"must hold 1 number\(s\)"),
    ("MODEL.ROI_HEADS.IOU_THRESHOLDS", "[]", r"must be in \[0, 1\]"),
    ("MODEL.RPN.POSITIVE_FRACTION", "3.0", r"must be in \[0, 1\], got 3"),
    ("MODEL.RPN.PRE_NMS_TOPK_TRAIN", "0", r"must be in \[1, 1000000\], got 0"),
    ("MODEL.BACKBONE.WIDTH", "1000.0", r"must be in \(0, 16\], got 1000"),
    ("MODEL.PIXEL_STD", "[0.0, 1.0, 1.0]", r"must be >= 0\.0001, got \[0\.0"),
    ("MODEL.PIXEL_MEAN", "[1e39, 1.0, 1.0]", r"must be finite, got \[1e\+39"),
    ("MODEL.BACKBONE.FREEZE_AT", "9" * 400, "must be >= 0, got 999"),
    ("INPUT.MIN_SIZE_TEST", "100000", r"must be in \(0, 16384\], got 100000"),
    ("TEST.MAXOUT_SIZES", "[400, 100000]", r"must be in \(0, 16384\], got \[400, 100000\]"),
    ("DATALOADER.NUM_WORKERS", "1000000", r"must be in \[0, 1024\], got 1000000"),
    ("MODEL.PIXEL_STD", "[1.0, 2.0]", r"must hold 3 number\(s\)"),
    ("SOLVER.MAX_ITER", "0", "must be > 0, got 0"),
    ("SOLVER.BASE_LR", "1e999", "must be > 0, got inf"),
    ("SOLVER.WARMUP_ITERS", "-5", "must be >= 0, got -5"),
    ("SOLVER.WEIGHT_DECAY_BIAS", "abc", "must be >= 0, got 'abc'"),
    ("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", "-10.0", "must be > 0"),
    ("INPUT.SCALE_JITTER", "[2.0, 1.0]", r"must be \[low, high\]"),
    ("DATASETS.TRAIN", "()", "must name a dataset, got none"),
    ("DATASETS.CLASSES", "[1]", r"must be a list of names, got \[1\]"),
]


@pytest.mark.parametrize(("key", "value", "message"), CASES)
def test_one_fault(key: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} {message}"):
        config.check(config.load("coco_r101", [key, value]))


def test_nesterov_is_of_sgd() -> None:
    with pytest.raises(ConfigError, match="SOLVER.NESTEROV must be False with ADAMW, got True"):
        config.check(
            config.load("coco_r101", ["SOLVER.OPTIMIZER", "ADAMW", "SOLVER.NESTEROV", "True"])
        )


def test_a_head_reads_levels_that_follow_each_other() -> None:
    """Both poolers count from the first to the last."""
    for levels in ("['p2', 'p4']", "['p3', 'p2']"):
        with pytest.raises(ConfigError, match=r"ROI_HEADS.IN_FEATURES must follow each other in"):
            config.check(config.load("coco_r101_fpn", ["MODEL.ROI_HEADS.IN_FEATURES", levels]))


@pytest.mark.parametrize("key", OPENED, ids=lambda key: key.name)
def test_what_one_engine_alone_can_do_is_open_on_that(key: Key) -> None:
    ((engine, values),) = key.engines.items()
    other = {"d2": "tv", "tv": "d2"}[engine]
    fitting = ["MODEL.ROI_BOX_HEAD.NAME", "FC6FC7Head"]  # of what a localiser asks besides
    for value in values:
        cfg = config.load("coco_r101", [key.name, str(value), *fitting])
        config.check(cfg, engine=engine)
        if value not in key.allowed:
            refusal = f"{key.name} must be .*; give --engine {engine}, which can"
            with pytest.raises(ConfigError, match=refusal):
                config.check(cfg, engine=other)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("MODEL.ROI_BOX_HEAD.NAME", "Conv5Head", "must be 'FC6FC7Head' of a localiser"),
        ("TEST.REFINE", "True", "must be off for a localiser, which is tested in one pass, got"),
        ("TEST.MAXOUT_SIZES", "[400, 600]", "must be off for a localiser"),
        ("TEST.ENSEMBLE", "['a.pth']", "must be off for a localiser"),
        ("TEST.AUG.ENABLED", "True", "must be off for a localiser"),
    ],
)
def test_what_a_localiser_is_not(key: str, value: str, message: str) -> None:
    config.check(config.load("imagenet_loc_r101"), engine="tv")
    with pytest.raises(ConfigError, match=f"{key} {message}"):
        config.check(config.load("imagenet_loc_r101", [key, value]), engine="tv")
    fpn = ["MODEL.META_ARCHITECTURE", "PerClassRPN"]
    with pytest.raises(ConfigError, match="IN_FEATURES must be one stage of a localiser"):
        config.check(config.load("coco_r101_fpn", fpn), engine="tv")


def test_what_neither_engine_can_do_has_no_way_out() -> None:
    cfg = config.load("coco_r101", ["MODEL.ANCHOR_GENERATOR.OFFSET", "0.25"])
    for engine in ("tv", "d2"):
        with pytest.raises(ConfigError, match=r"OFFSET must be 0\.0.*, got 0\.25$"):
            config.check(cfg, engine=engine)


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
