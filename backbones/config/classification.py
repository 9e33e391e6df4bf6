"""A config of classification by bare name or path."""

from __future__ import annotations

from collections.abc import Sequence

from fvcore.common.config import CfgNode

from backbones.config.check import check
from backbones.config.load import load
from backbones.config.schema import default_config
from backbones.files import shipped

CONFIG_FOLDER = shipped.folder("configs") / "backbones"
# Source: He et al. 2016, Section 3.4: shorter side in [256, 480] for a crop of 224, 256 in tests
SHORTER_SIDES = (256 / 224, 480 / 224)


def load_classification(name_or_path: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`imagenet_resnet18`, `imagenet_resnet18.yaml` or a path, then `KEY VALUE` pairs; checked.

    Sizes that follow from INPUT.SIZE are filled in: what a run records is what it did.
    Raises: ConfigError with every fault at once.
    """
    cfg = load(default_config(), name_or_path, overrides, folder=CONFIG_FOLDER)
    size = cfg.INPUT.SIZE
    padded = cfg.INPUT.CROP == "pad"
    low, high = (round(size * (1.0 if padded else factor)) for factor in SHORTER_SIDES)
    cfg.INPUT.SIZE_TEST = cfg.INPUT.SIZE_TEST or size
    cfg.INPUT.MIN_SIZE_TRAIN = cfg.INPUT.MIN_SIZE_TRAIN or [low, high]
    cfg.INPUT.MIN_SIZE_TEST = cfg.INPUT.MIN_SIZE_TEST or low
    check(cfg)
    return cfg
