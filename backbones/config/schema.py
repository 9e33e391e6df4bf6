"""The keys that train a classifier, one row each."""

from __future__ import annotations

from fvcore.common.config import CfgNode

from backbones.config.keys import FRACTION, NON_NEGATIVE, POSITIVE, Key, add_keys

WANDB = (
    Key("WANDB.ENABLED", False, "Weights & Biases too, beside TensorBoard"),
    Key("WANDB.PROJECT", "resdet", "the project there"),
    Key("WANDB.NAME", "", "of the run; empty: that of its folder"),
)
MODEL = (
    Key("MODEL.NAME", "resnet18", "a network of `backbones.names()`"),
    Key("MODEL.WEIGHTS", "", "a file, `torchvision:<weights>`, or empty for random ones"),
    Key("MODEL.WIDTH", 1.0, "factor on every channel count", bounds=POSITIVE),
    Key(
        "MODEL.NORM",
        "",
        "the norm of every layer; empty: that of the network's paper, bn or none",
        allowed=("", "frozen", "bn", "sync", "gn", "FrozenBN", "BN", "SyncBN", "GN"),
    ),
    Key(
        "MODEL.DROPOUT",
        None,
        "share of inputs that layers with dropout leave out; None: that of the network's paper",
        bounds=FRACTION,
    ),
    Key(
        "MODEL.NUM_CLASSES",
        0,
        "outputs of the last layer; 0: as many as the training images have classes",
        bounds=NON_NEGATIVE,
    ),
    Key("MODEL.STRIDE_IN_1X1", True, "bottlenecks halve in their first 1x1 layer, as the paper's"),
    Key(
        "MODEL.SHORTCUT",
        "",
        "the paper's option; empty: the network's own, B for ImageNet, A for CIFAR",
        allowed=("", "A", "B", "C"),
    ),
    Key(
        "MODEL.ACTIVATION_CHECKPOINTING",
        False,
        "memory of about the root of the depth, a third slower",
    ),
    Key("MODEL.COMPILE", False, "`torch.compile`"),
    Key("MODEL.DEVICE", "", "where it trains; empty: cuda where present"),
)
DATA = (
    Key("DATASETS.ROOT", "", "`train/<class>/*`, tar shards, or CIFAR as torchvision stores it"),
    Key(
        "DATASETS.HOLD_OUT",
        0,
        "images of the training split kept back for validation",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "DATASETS.IN_MEMORY",
        False,
        "images of one size lie on the device and are augmented there",
    ),
    Key("DATALOADER.NUM_WORKERS", 4, "processes that read images", bounds=NON_NEGATIVE),
    Key(
        "DATALOADER.REPETITIONS",
        1,
        "views of an image in an epoch (repeated augmentation)",
        bounds=POSITIVE,
    ),
)
INPUT = (
    Key("INPUT.SIZE", 224, "side of the crop in training, pixels", bounds=POSITIVE),
    Key("INPUT.SIZE_TEST", 0, "side of the crop in tests; 0: SIZE", bounds=NON_NEGATIVE),
    Key(
        "INPUT.CROP",
        "scale",
        "of a scaled image, of a padded one (pad), of a random area (area)",
        allowed=("scale", "pad", "area"),
    ),
    Key(
        "INPUT.MIN_SIZE_TRAIN",
        [],
        "range of the shorter side before the crop, pixels; empty: the paper's",
    ),
    Key(
        "INPUT.MIN_SIZE_TEST",
        0,
        "shorter side before the centre crop, pixels; 0: the paper's",
        bounds=NON_NEGATIVE,
    ),
    Key("INPUT.PADDING", 4, "pixels on each side, where CROP is pad", bounds=NON_NEGATIVE),
    Key(
        "INPUT.RANDOM_FLIP",
        "horizontal",
        "mirror half of the images",
        allowed=("horizontal", "none"),
    ),
    Key(
        "INPUT.COLOR_AUGMENTATION",
        "none",
        "colours along their principal components, as AlexNet's",
        allowed=("none", "alexnet"),
    ),
    Key("INPUT.TRIVIAL_AUGMENT", False, "one random operation on each image (TrivialAugment)"),
    Key("INPUT.RANDOM_ERASING", 0.0, "probability that a rectangle is erased", bounds=FRACTION),
    Key(
        "INPUT.MIXUP_ALPHA", 0.0, "of the Beta distribution of mixup; 0: none", bounds=NON_NEGATIVE
    ),
    Key(
        "INPUT.CUTMIX_ALPHA",
        0.0,
        "of the Beta distribution of CutMix; 0: none",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "INPUT.MEAN",
        "channel",
        "what is subtracted: a mean of each channel, or a mean image of the training data (pixel)",
        allowed=("channel", "pixel"),
    ),
    Key(
        "INPUT.FORMAT",
        "",
        "order of the channels; empty: what MODEL.WEIGHTS were trained with, else RGB",
        allowed=("", "RGB", "BGR"),
    ),
    Key("INPUT.PIXEL_MEAN", [], "in 0..255; empty: that of MODEL.WEIGHTS, else ImageNet's"),
    Key(
        "INPUT.PIXEL_STD",
        [],
        "in 0..255; empty: that of MODEL.WEIGHTS, else ImageNet's",
        bounds=POSITIVE,
        empty=True,
    ),
)
SOLVER = (
    Key(
        "SOLVER.LR_SCHEDULER_NAME",
        "WarmupMultiStepLR",
        "how the rate falls: at STEPS, along a cosine, or where the error falls no more",
        allowed=("WarmupMultiStepLR", "WarmupCosineLR", "WarmupPlateauLR"),
    ),
    Key("SOLVER.MAX_ITER", 600000, "iterations", bounds=POSITIVE),
    Key("SOLVER.BASE_LR", 0.1, "the rate after the warm-up", bounds=POSITIVE),
    Key("SOLVER.BASE_LR_END", 0.0, "the last rate of WarmupCosineLR", bounds=NON_NEGATIVE),
    Key("SOLVER.STEPS", [150000, 300000, 450000], "iterations at which WarmupMultiStepLR falls"),
    Key("SOLVER.GAMMA", 0.1, "factor by which the rate falls", bounds=POSITIVE),
    Key(
        "SOLVER.PLATEAU.PATIENCE",
        5,
        "WarmupPlateauLR falls after as many evaluations in a row without a lower error",
        bounds=POSITIVE,
    ),
    Key(
        "SOLVER.PLATEAU.THRESHOLD",
        0.0,
        "percent by which an error must be lower to count",
        bounds=NON_NEGATIVE,
    ),
    Key("SOLVER.WARMUP_ITERS", 0, "iterations of the warm-up", bounds=NON_NEGATIVE),
    Key("SOLVER.WARMUP_FACTOR", 0.001, "factor on the rate at the start of the warm-up"),
    Key(
        "SOLVER.WARMUP_METHOD",
        "linear",
        "how the factor rises to 1",
        allowed=("linear", "constant"),
    ),
    Key(
        "SOLVER.WARMUP_UNTIL_ERROR",
        0.0,
        "percent; above 0, WARMUP_FACTOR holds until the training error is lower",
        bounds=NON_NEGATIVE,
    ),
    Key("SOLVER.OPTIMIZER", "SGD", "what moves the weights", allowed=("SGD", "ADAMW")),
    Key("SOLVER.MOMENTUM", 0.9, "of SGD; AdamW's first beta", bounds=FRACTION),
    Key("SOLVER.NESTEROV", False, "Nesterov's momentum"),
    Key("SOLVER.WEIGHT_DECAY", 0.0001, "of all weights", bounds=NON_NEGATIVE),
    Key(
        "SOLVER.WEIGHT_DECAY_NORM",
        None,
        "of norms; None: WEIGHT_DECAY, as the paper decays every parameter",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "SOLVER.WEIGHT_DECAY_BIAS",
        None,
        "of biases; None: WEIGHT_DECAY",
        bounds=NON_NEGATIVE,
    ),
    Key("SOLVER.BIAS_LR_FACTOR", 1.0, "factor on the rate of biases", bounds=NON_NEGATIVE),
    Key(
        "SOLVER.LOSS",
        "cross_entropy",
        "of the logits; squared_hinge is that of support vector machines, one class against all",
        allowed=("cross_entropy", "squared_hinge"),
    ),
    Key(
        "SOLVER.LABEL_SMOOTHING",
        0.0,
        "share of the target spread over all classes",
        bounds=FRACTION,
    ),
    Key("SOLVER.IMS_PER_BATCH", 256, "images in an iteration, of all processes", bounds=POSITIVE),
    Key(
        "SOLVER.REFERENCE_IMS_PER_BATCH",
        0,
        "the batch BASE_LR was chosen for, by which the rate is scaled; 0: IMS_PER_BATCH",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "SOLVER.ACCUMULATION",
        1,
        "parts of a batch whose gradients are summed before a step",
        bounds=POSITIVE,
    ),
    Key("SOLVER.CHECKPOINT_PERIOD", 5000, "iterations; 0: none on the way", bounds=NON_NEGATIVE),
    Key("SOLVER.CHECKPOINT_KEEP", 3, "the newest states kept; 0: all", bounds=NON_NEGATIVE),
    Key(
        "SOLVER.ROLL_BACK",
        False,
        "a loss not finite: once back to the last state, at half the rate",
    ),
    Key("SOLVER.CLIP_GRADIENTS.ENABLED", False, "clip gradients"),
    Key(
        "SOLVER.CLIP_GRADIENTS.CLIP_TYPE",
        "value",
        "each number, or the norm of the whole gradient",
        allowed=("value", "norm"),
    ),
    Key("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", 1.0, "at most", bounds=POSITIVE),
    Key("SOLVER.AMP.ENABLED", False, "mixed precision"),
    Key("SOLVER.AMP.PRECISION", "bf16", "of it", allowed=("bf16", "fp16")),
    Key(
        "SOLVER.CUDA_GRAPHS",
        False,
        "on one GPU, record forward and backward once and replay them",
    ),
    Key("SOLVER.EMA.ENABLED", False, "test averaged weights"),
    Key("SOLVER.EMA.DECAY", 0.999, "of the average", bounds=FRACTION),
    Key("SOLVER.EMA.PERIOD", 32, "iterations between two updates of it", bounds=POSITIVE),
)
TEST = (
    Key(
        "TEST.EVAL_PERIOD",
        0,
        "iterations between two evaluations; 0: one at the end",
        bounds=NON_NEGATIVE,
    ),
    Key(
        "TEST.PRECISE_BN.ENABLED",
        False,
        "statistics of batch norms as averages over batches, before each evaluation",
    ),
    Key("TEST.PRECISE_BN.NUM_ITER", 200, "batches of that average", bounds=POSITIVE),
    Key(
        "TEST.PICTURES",
        8,
        "test images drawn for the boards at each evaluation, with their names",
        bounds=NON_NEGATIVE,
    ),
)
RUN = (
    Key("SEED", -1, "-1 draws one"),
    Key("OUTPUT_DIR", "./output", "the folder of the run, without --output"),
)
KEYS = (*MODEL, *DATA, *INPUT, *SOLVER, *TEST, *WANDB, *RUN)


def default_config() -> CfgNode:
    """Every key we honour with its default."""
    cfg = CfgNode()
    add_keys(cfg, KEYS)
    return cfg
