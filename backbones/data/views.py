"""INPUT.* into the views of an image that a network is trained and tested on."""

from __future__ import annotations

from backbones.config import CfgNode
from backbones.data.normalize import mean_colour
from backbones.data.transforms import Views
from backbones.weights.checkpoint import Preprocessing


def build_views(cfg: CfgNode, preprocessing: Preprocessing) -> Views:
    """INPUT in the words of `backbones.data`; outside an image lies the colour of the mean."""
    low, high = cfg.INPUT.MIN_SIZE_TRAIN
    return Views(
        size=cfg.INPUT.SIZE,
        crop=cfg.INPUT.CROP,
        shorter_side_train=(low, high),
        padding=cfg.INPUT.PADDING,
        shorter_side_test=cfg.INPUT.MIN_SIZE_TEST,
        flip=cfg.INPUT.RANDOM_FLIP == "horizontal",
        alexnet_color=cfg.INPUT.COLOR_AUGMENTATION == "alexnet",
        trivial_augment=cfg.INPUT.TRIVIAL_AUGMENT,
        erasing=cfg.INPUT.RANDOM_ERASING,
        fill=mean_colour(preprocessing),
    )
