"""Values that no type can refuse, each named with its key."""

import pytest

from backbones.config import ConfigError, load_classification
from backbones.config.check import SMALLEST_VGG_INPUT
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
    ("INPUT.CROP", "centre", "must be 'scale' or 'pad' or 'area', got 'centre'"),
    ("INPUT.RANDOM_ERASING", "2.0", "must be in [0, 1], got 2.0"),
    ("SOLVER.EMA.DECAY", "1.5", "must be in [0, 1], got 1.5"),
    ("SOLVER.PLATEAU.PATIENCE", "0", "must be > 0, got 0"),
    ("SOLVER.ACCUMULATION", "0", "must be > 0, got 0"),
    ("DATALOADER.REPETITIONS", "0", "must be > 0, got 0"),
    ("INPUT.PIXEL_STD", "[1, 2, 0]", "must be > 0, got [1, 2, 0]"),
]


def faults(*overrides, name="imagenet_resnet18"):
    with pytest.raises(ConfigError) as error:
        load_classification(name, ["DATASETS.ROOT", "somewhere", *overrides])
    return error.value.faults


@pytest.mark.parametrize(("key", "value", "message"), FAULTS)
def test_one_fault(key, value, message):
    others = ("INPUT.MEAN", "channel", "SOLVER.LR_SCHEDULER_NAME", "WarmupMultiStepLR")
    assert faults(*others, key, value) == (f"{key} {message}",)


FAULTS_BETWEEN_KEYS = [
    (
        ("SOLVER.LOSS", "squared_hinge", "SOLVER.LABEL_SMOOTHING", "0.1"),
        "LABEL_SMOOTHING must be 0 with SOLVER.LOSS squared_hinge, got 0.1",
    ),
    (("INPUT.MIN_SIZE_TRAIN", "[200, 300]"), "[low, high] with 224 <= low <= high, got [200, 300]"),
    (("INPUT.SIZE_TEST", "256"), "SIZE_TEST must be INPUT.SIZE 224 where MEAN is pixel, got 256"),
    (
        ("INPUT.SIZE_TEST", "300", "INPUT.MEAN", "channel"),
        "INPUT.MIN_SIZE_TEST must be >= INPUT.SIZE_TEST 300, got 256",
    ),
    (("SOLVER.ACCUMULATION", "3"), "IMS_PER_BATCH must be a multiple of ACCUMULATION 3, got 256"),
    (("TEST.EVAL_PERIOD", "0"), "EVAL_PERIOD must be > 0 for WarmupPlateauLR"),
    (("INPUT.PIXEL_MEAN", "[1, 2, 3]"), "must be [] where MEAN is pixel"),
    (("SOLVER.WARMUP_UNTIL_ERROR", "80"), None),
    (("SOLVER.OPTIMIZER", "ADAMW"), None),
    (("SOLVER.OPTIMIZER", "ADAMW", "SOLVER.NESTEROV", "True"), "NESTEROV must be False with ADAMW"),
    (("SOLVER.OPTIMIZER", "ADAMW", "SOLVER.MOMENTUM", "1"), "MOMENTUM must be < 1 with ADAMW"),
    (("SOLVER.WARMUP_UNTIL_ERROR", "80", "SOLVER.WARMUP_ITERS", "9"), "WARMUP_ITERS must be 0"),
    (("SOLVER.WARMUP_UNTIL_ERROR", "80", "INPUT.CUTMIX_ALPHA", "1"), "must be 0 with mixup or"),
    (
        ("SOLVER.WARMUP_UNTIL_ERROR", "80", "SOLVER.WARMUP_FACTOR", "0"),
        "must be in (0, 1], got 0.0",
    ),
]


@pytest.mark.parametrize(("overrides", "message"), FAULTS_BETWEEN_KEYS)
def test_keys_that_contradict_each_other(overrides, message):
    if message is None:
        load_classification("imagenet_resnet18", ["DATASETS.ROOT", "x", *overrides])
        return
    (fault,) = faults(*overrides)
    assert message in fault


def test_images_in_memory_are_padded_and_flipped_only():
    others = ["INPUT.CROP", "area", "INPUT.TRIVIAL_AUGMENT", "True", "DATALOADER.REPETITIONS", "2"]
    found = faults(*others, name="cifar10_resnet20")
    assert [fault.split()[0] for fault in found] == [
        "INPUT.CROP",
        "INPUT.TRIVIAL_AUGMENT",
        "DATALOADER.REPETITIONS",
    ]


def test_sizes_follow_the_crop():
    overrides = ["DATASETS.ROOT", "x", "INPUT.SIZE", "112"]
    chosen = load_classification("imagenet_resnet18", overrides).INPUT
    assert (chosen.MIN_SIZE_TRAIN, chosen.MIN_SIZE_TEST, chosen.SIZE_TEST) == ([128, 240], 128, 112)
    paper = load_classification("imagenet_resnet18").INPUT
    assert (paper.MIN_SIZE_TRAIN, paper.MIN_SIZE_TEST, paper.SIZE_TEST) == ([256, 480], 256, 224)
    assert load_classification("cifar10_resnet20").INPUT.MIN_SIZE_TEST == 32


def test_none_stands_for_another_keys_value_and_0_for_never():
    overrides = ["DATASETS.ROOT", "x", "TEST.EVAL_PERIOD", "0"]
    cfg = load_classification("cifar10_resnet20", overrides)
    assert cfg.SOLVER.WEIGHT_DECAY_NORM is None


def test_a_vgg_is_not_given_less_than_it_can_pool():
    size = SMALLEST_VGG_INPUT - 1
    found = faults("INPUT.SIZE", str(size), name="imagenet_vgg16")
    assert found == (f"INPUT.SIZE must be >= 32 for vgg16, got {size}",)
    assert SMALLEST_VGG_INPUT == SMALLEST_INPUT
    load_classification("imagenet_resnet18", ["DATASETS.ROOT", "x", "INPUT.SIZE", str(size)])
