"""The classification networks of *Deep Residual Learning for Image Recognition*.

Legend, one line per part; the words of the second column are used everywhere in this project:

    paper               here                   torchvision            detectron2
    conv1 + max-pool    stem                   conv1, bn1, maxpool    stem
    conv2_x             res2                   layer1                 res2
    conv3_x             res3                   layer2                 res3
    conv4_x             res4                   layer3                 res4
    conv5_x             res5                   layer4                 res5
    layer i of a block  conv<i>, norm<i>       conv<i>, bn<i>         conv<i>, conv<i>.norm
    projection          shortcut.conv, .norm   downsample.0, .1       shortcut, shortcut.norm
    1000-d fc           fc                     fc                     linear
    option A, B, C      shortcut="A|B|C"       B only                 B only
    stride in 1x1       stride_in_1x1=True     False ("v1.5")         STRIDE_IN_1X1: True
    fixed BN            norm="frozen"          FrozenBatchNorm2d      FrozenBN
    conv3_1 (VGG)       conv3.conv1            features.10            none
    fc6, fc7, fc8       fc6, fc7, fc8          classifier.0, .3, .6   none

Networks for small images (Section 4.2), cifar_resnet<6n+2> and cifar_plain<6n+2>, are in neither
library; the third column is of akamaster's published checkpoints.

    paper               here                   akamaster
    first 3x3 layer     stem.conv1, .norm1     conv1, bn1
    maps of 32x32       res2                   layer1
    maps of 16x16       res3                   layer2
    maps of 8x8         res4                   layer3
    layer i of a block  conv<i>, norm<i>       conv<i>, bn<i>
    10-way fc           fc                     linear

Systems that the paper compares with are in `backbones.peers`: maxout, nin, dsn, fitnet19,
highway19, highway32, googlenet, bn_inception, prelu_net_a, _b, _c. GoogLeNet and BN-Inception have
the stages of the first table, the others conv1, conv2, .. as VGG has.

A name with `_bn` is a second spelling: `vgg16_bn` is `vgg16` with norm="bn".
The public names below are imported when first used: a tool answers `--help` without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backbones.activation_checkpointing import checkpoint_activations
    from backbones.blocks import BasicBlock, Bottleneck, PlainBlock
    from backbones.complexity import Complexity, count
    from backbones.data.images import open_images
    from backbones.evaluation.classify import Guess, ImageClassifier, load
    from backbones.features import Classifier, StagedModule, StageInfo, Trunk
    from backbones.freeze import (
        fold_batch_norm,
        freeze_at,
        freeze_batch_norm,
        recompute_statistics,
    )
    from backbones.layers import FrozenBatchNorm2d, make_norm
    from backbones.registry import create, names, register
    from backbones.resnet import TABLE_1, ResNet
    from backbones.responses import layer_responses
    from backbones.vgg import VGG
    from backbones.weights.checkpoint import load_backbone, save_backbone
    from backbones.weights.interop import load_weights, read_weights
    from backbones.weights.keymaps import from_torchvision, to_torchvision

__all__ = [
    "TABLE_1",
    "VGG",
    "BasicBlock",
    "Bottleneck",
    "Classifier",
    "Complexity",
    "FrozenBatchNorm2d",
    "Guess",
    "ImageClassifier",
    "PlainBlock",
    "ResNet",
    "StageInfo",
    "StagedModule",
    "Trunk",
    "checkpoint_activations",
    "count",
    "create",
    "fold_batch_norm",
    "freeze_at",
    "freeze_batch_norm",
    "from_torchvision",
    "layer_responses",
    "load",
    "load_backbone",
    "load_weights",
    "make_norm",
    "names",
    "open_images",
    "read_weights",
    "recompute_statistics",
    "register",
    "save_backbone",
    "to_torchvision",
]

_HOMES = {
    "blocks": ("BasicBlock", "Bottleneck", "PlainBlock"),
    "weights.checkpoint": ("load_backbone", "save_backbone"),
    "evaluation.classify": ("Guess", "ImageClassifier", "load"),
    "complexity": ("Complexity", "count"),
    "data.images": ("open_images",),
    "features": ("Classifier", "StageInfo", "StagedModule", "Trunk"),
    "freeze": ("fold_batch_norm", "freeze_at", "freeze_batch_norm", "recompute_statistics"),
    "weights.interop": ("load_weights", "read_weights"),
    "weights.keymaps": ("from_torchvision", "to_torchvision"),
    "layers": ("FrozenBatchNorm2d", "make_norm"),
    "activation_checkpointing": ("checkpoint_activations",),
    "registry": ("create", "names", "register"),
    "resnet": ("TABLE_1", "ResNet"),
    "responses": ("layer_responses",),
    "vgg": ("VGG",),
}
_HOME_OF = {name: home for home, public in _HOMES.items() for name in public}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'backbones' has no attribute {name!r}")
    return getattr(importlib.import_module(f"backbones.{_HOME_OF[name]}"), name)
