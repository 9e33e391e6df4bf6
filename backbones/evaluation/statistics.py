"""Batch-norm statistics recomputed before a test, as the paper's authors did."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from torch import Tensor

from backbones.config import CfgNode
from backbones.data.images import open_split
from backbones.data.loader import TrainingImages, make_training_batches
from backbones.data.transforms import Views
from backbones.data.views import build_views
from backbones.evaluation.networks import LoadedNetwork
from backbones.freeze import recompute_statistics


def recompute(
    network: LoadedNetwork,
    root: Path,
    normalize: Callable[[Tensor], Tensor],
    *,
    num_batches: int,
    batch_size: int,
    num_workers: int = 0,
) -> None:
    """Replace the statistics by their averages over batches of `root`'s train split, in place.

    Raises: ValueError if there is no train split.
    Source: github.com/KaimingHe/deep-residual-networks, "Disclaimer and known issues", 1.
    """
    images = TrainingImages(open_split(root, "train"), training_views(network), seed=0)
    batches = make_training_batches(images, batch_size=batch_size, num_workers=num_workers)
    recompute_statistics(
        network.model, (normalize(images) for images, _ in islice(batches, num_batches))
    )


def training_views(network: LoadedNetwork) -> Views:
    """The views of the recipe; random crops and flips at the scale of the test without one."""
    inputs = network.recipe.get("INPUT", {})
    if "CROP" in inputs:
        return build_views(CfgNode({"INPUT": inputs}), network.preprocessing)
    side = network.shorter_side
    return Views(
        size=network.size,
        crop="scale",
        shorter_side_train=(side, side),
        padding=0,
        shorter_side_test=side,
        flip=True,
        alexnet_color=False,
        trivial_augment=False,
        erasing=0.0,
    )
