"""Values that no type can refuse, each named with its key."""

import pytest

from backbones.config import ConfigError, load_classification
from backbones.config.schema import SMALLEST_VGG_INPUT, value_faults
from backbones.vgg import SMALLEST_INPUT

FAULTS = [
    ("SOLVER.GAMMA", "0.0", "must be > 0, got 0.0"),
    ("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", "-1", "must be > 0, got -1.0"),
    ("SOLVER.BASE_LR", "inf", "must be > 0, got inf"),
    ("MODEL.WIDTH", "nan", "must be > 0, got nan"),
    ("SOLVER.WARMUP_ITERS", "-1", "must be >= 0, got -1"),
    ("SOLVER.WEIGHT_DECAY", "-0.1", "must be >= 0, got -0.1"),
    ("SOLVER.WEIGHT_DECAY_NORM", "-0.1", "must be >= 0, got -0.1"),
    ("SOLVER.WEIGHT_DECAY_BIAS", "some", "must be >= 0, got 'some'"),
    ("SOLVER.BIAS_LR_FACTOR", "-2", "must be >= 0, got -2.0"),
    ("SOLVER.CHECKPOINT_PERIOD", "-1", "must be >= 0, got -1"),
    ("TEST.EVAL_PERIOD", "-1", "must be >= 0, got -1"),
    ("DATALOADER.NUM_WORKERS", "-1", "must be >= 0, got -1"),
    ("MODEL.NUM_CLASSES", "-1", "must be >= 0, got -1"),
    ("SOLVER.MOMENTUM", "1.5", "must be in [0, 1], got 1.5"),
    ("SOLVER.WARMUP_FACTOR", "nan", "must be finite, got nan"),
    ("INPUT.PIXEL_MEAN", "[1, 2, 1e999]", "must be finite, got [1, 2, inf]"),
    ("INPUT.PIXEL_MEAN", "[1, 2, 'x']", "must hold 3 numbers or none, got [1, 2, 'x']"),
    ("INPUT.PIXEL_STD", "[1, 2, 0]", "must be > 0, got [1, 2, 0]"),
]


def faults(*overrides, name="imagenet_resnet18"):
    with pytest.raises(ConfigError) as error:
        load_classification(name, ["DATASETS.ROOT", "somewhere", *overrides])
    return error.value.faults


@pytest.mark.parametrize(("key", "value", "message"), FAULTS)
def test_one_fault(key, value, message):
    assert faults(key, value) == (f"{key} {message}",)


def test_none_stands_for_another_keys_value_and_0_for_never():
    cfg = load_classification("imagenet_resnet18", ["DATASETS.ROOT", "x", "TEST.EVAL_PERIOD", "0"])
    assert cfg.SOLVER.WEIGHT_DECAY_NORM is None


def test_ranges_hold_inside_lists():
    cfg = load_classification("imagenet_resnet18", ["DATASETS.ROOT", "x"])
    cfg.SOLVER.STEPS = [[1], [0]]
    assert list(value_faults(cfg, {}, ["SOLVER.STEPS"])) == [
        "SOLVER.STEPS must be > 0, got [[1], [0]]"
    ]
    cfg.SOLVER.STEPS = []
    assert list(value_faults(cfg, {}, (), ["SOLVER.STEPS"])) == [
        "SOLVER.STEPS must be >= 0, got []"
    ]


def test_a_vgg_is_not_given_less_than_it_can_pool():
    size = SMALLEST_VGG_INPUT - 1
    found = faults("INPUT.SIZE", str(size), name="imagenet_vgg16")
    assert found == (f"INPUT.SIZE must be >= 32 for vgg16, got {size}",)
    assert SMALLEST_VGG_INPUT == SMALLEST_INPUT
    load_classification("imagenet_resnet18", ["DATASETS.ROOT", "x", "INPUT.SIZE", str(size)])
