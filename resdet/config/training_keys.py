"""INPUT, DATASETS, SOLVER, TEST: name, type and default as in detectron2's get_cfg()."""

from __future__ import annotations

from backbones.config.keys import (
    BOXES,
    FRACTION,
    NAMES,
    NON_NEGATIVE,
    POSITIVE,
    PROCESSES,
    RISING,
    SIDE,
    Key,
)

INPUT = (
    Key(
        "INPUT.MIN_SIZE_TRAIN",
        (800,),
        "shorter sides in training, pixels, of which one is drawn",
        bounds=SIDE,
    ),
    Key("INPUT.MIN_SIZE_TRAIN_SAMPLING", "choice", "how it is drawn", allowed=("choice",)),
    Key("INPUT.MAX_SIZE_TRAIN", 1333, "longer side in training, at most", bounds=POSITIVE),
    Key("INPUT.MIN_SIZE_TEST", 800, "shorter side in tests, pixels", bounds=SIDE),
    Key("INPUT.MAX_SIZE_TEST", 1333, "longer side in tests, at most", bounds=POSITIVE),
    Key(
        "INPUT.RANDOM_FLIP",
        "horizontal",
        "mirror half of the images",
        allowed=("horizontal", "none"),
    ),
    Key("INPUT.CROP.ENABLED", False, "train on random crops"),
    Key("INPUT.CROP.TYPE", "relative_range", "what SIZE says", allowed=("relative_range",)),
    Key(
        "INPUT.CROP.SIZE",
        [0.9, 0.9],
        "least height and width of a crop, parts of the image; both are drawn up to 1",
        bounds=FRACTION,
        length=2,
    ),
    Key(
        "INPUT.FORMAT",
        "BGR",
        "order of the channels; of weights, theirs",
        allowed=("RGB", "BGR"),
    ),
)
DATA = (
    Key("DATASETS.TRAIN", (), "names of the data to train on", form=NAMES),
    Key("DATASETS.TEST", (), "names of the data to measure on", form=NAMES),
    Key("DATALOADER.NUM_WORKERS", 4, "processes that read images", bounds=PROCESSES),
    Key("DATALOADER.ASPECT_RATIO_GROUPING", True, "batches of upright or of wide images"),
    Key(
        "DATALOADER.SAMPLER_TRAIN",
        "TrainingSampler",
        "each image as often as every other",
        allowed=("TrainingSampler",),
    ),
    Key("DATALOADER.FILTER_EMPTY_ANNOTATIONS", True, "do not train on images without objects"),
)
SOLVER = (
    Key(
        "SOLVER.LR_SCHEDULER_NAME",
        "WarmupMultiStepLR",
        "how the rate falls: at STEPS, or along a cosine",
        allowed=("WarmupMultiStepLR", "WarmupCosineLR"),
    ),
    Key("SOLVER.MAX_ITER", 40000, "iterations", bounds=POSITIVE),
    Key("SOLVER.BASE_LR", 0.001, "the rate after the warm-up", bounds=POSITIVE),
    Key("SOLVER.BASE_LR_END", 0.0, "the last rate of WarmupCosineLR", bounds=NON_NEGATIVE),
    Key("SOLVER.MOMENTUM", 0.9, "of SGD; AdamW's first beta", bounds=FRACTION),
    Key("SOLVER.NESTEROV", False, "Nesterov's momentum"),
    Key("SOLVER.WEIGHT_DECAY", 0.0001, "of all weights", bounds=NON_NEGATIVE),
    Key("SOLVER.WEIGHT_DECAY_NORM", 0.0, "of norms", bounds=NON_NEGATIVE),
    Key("SOLVER.WEIGHT_DECAY_BIAS", None, "of biases; None: WEIGHT_DECAY", bounds=NON_NEGATIVE),
    Key("SOLVER.BIAS_LR_FACTOR", 1.0, "factor on the rate of biases", bounds=NON_NEGATIVE),
    Key("SOLVER.GAMMA", 0.1, "factor by which the rate falls", bounds=POSITIVE),
    Key("SOLVER.STEPS", (30000,), "iterations at which WarmupMultiStepLR falls"),
    Key(
        "SOLVER.WARMUP_FACTOR",
        1.0 / 1000,
        "factor on the rate at the start of the warm-up",
        bounds=FRACTION,
    ),
    Key("SOLVER.WARMUP_ITERS", 1000, "iterations of the warm-up", bounds=NON_NEGATIVE),
    Key(
        "SOLVER.WARMUP_METHOD",
        "linear",
        "how the factor rises to 1",
        allowed=("linear", "constant"),
    ),
    Key("SOLVER.CHECKPOINT_PERIOD", 5000, "iterations; 0: none on the way", bounds=NON_NEGATIVE),
    Key("SOLVER.IMS_PER_BATCH", 16, "images in an iteration, of all processes", bounds=POSITIVE),
    Key("SOLVER.CLIP_GRADIENTS.ENABLED", False, "clip gradients"),
    Key(
        "SOLVER.CLIP_GRADIENTS.CLIP_TYPE",
        "value",
        "each number, or the norm of the whole gradient",
        allowed=("value", "norm"),
    ),
    Key("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", 1.0, "at most", bounds=POSITIVE),
    Key("SOLVER.CLIP_GRADIENTS.NORM_TYPE", 2.0, "which norm", allowed=(2.0,)),
    Key("SOLVER.AMP.ENABLED", False, "mixed precision"),
)
TEST = (
    Key(
        "TEST.EVAL_PERIOD",
        0,
        "iterations between two evaluations; 0: one at the end",
        bounds=NON_NEGATIVE,
    ),
    Key("TEST.DETECTIONS_PER_IMAGE", 100, "the best kept", bounds=BOXES),
    Key("TEST.AUG.ENABLED", False, "merge what is found in several views"),
    Key(
        "TEST.AUG.MIN_SIZES",
        (400, 500, 600, 700, 800, 900, 1000, 1100, 1200),
        "shorter sides of the views; empty: INPUT.MIN_SIZE_TEST",
        bounds=SIDE,
        empty=True,
        form=RISING,
    ),
    Key("TEST.AUG.MAX_SIZE", 4000, "longer side of a view, at most", bounds=NON_NEGATIVE),
    Key("TEST.AUG.FLIP", True, "each view mirrored too"),
)
RUN = (
    Key("OUTPUT_DIR", "./output", "the folder of the run, without --output", file=True),
    Key("SEED", -1, "-1 draws one"),
    Key("CUDNN_BENCHMARK", False, "cuDNN tries which of its algorithms is fastest"),
)
KEYS = (*INPUT, *DATA, *SOLVER, *TEST, *RUN)
