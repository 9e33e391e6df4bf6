"""Scores of images: the mean of what a network says of their views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from backbones.data.images import Images
from backbones.data.loader import load
from backbones.evaluation.topk import ranks, topk_errors
from backbones.images.decoding import Image
from backbones.machine import distributed

Views = tuple[NDArray[np.uint8], ...]  # of one image, (V, H, W, 3) each: one shape, one array
Cut = Callable[[Image], Views]
Group = tuple[Tensor, Tensor]  # views of one shape (n, V, H, W, 3) and whose they are (n,)


class CutImages(Dataset[Views]):
    """Index -> the views of an image."""

    def __init__(self, images: Images, cut: Cut) -> None:
        self._images = images
        self._cut = cut

    def __getitem__(self, index: int) -> Views:
        return self._cut(self._images.read(index))


def load_views(
    images: Images,
    cut: Cut,
    positions: Sequence[int],
    *,
    batch_size: int,
    num_workers: int = 0,
) -> Iterator[list[Group]]:
    """Batches of `group_views`, in the order of `positions`; workers read and cut.

    Raises: ValueError if a file is unreadable.
    """
    cuts = CutImages(images, cut)
    return load(cuts, positions, group_views, batch_size=batch_size, num_workers=num_workers)


def group_views(samples: Sequence[Views]) -> list[Group]:
    """Stack the views of a batch of images, those of one shape together."""
    groups: dict[tuple[int, ...], list[tuple[NDArray[np.uint8], int]]] = defaultdict(list)
    for position, views in enumerate(samples):
        for view in views:
            groups[view.shape].append((view, position))
    stacked = []
    for group in groups.values():
        views_of_shape, whose = zip(*group, strict=True)
        stacked.append((torch.from_numpy(np.stack(views_of_shape)), torch.tensor(whose)))
    return stacked


@torch.inference_mode()
def mean_over_views(
    network: Callable[[Tensor], Tensor],
    groups: Sequence[Group],
    normalize: Callable[[Tensor], Tensor],
    *,
    pixels_at_once: int,
) -> Tensor:
    """Softmax of `network` on each view of an image, averaged over its views.

    No more views go through together than `pixels_at_once` holds, but for a single one.
    Shape: `group_views` of N images -> (N, num_classes) float64, where small scores stay apart.
    """
    num_images = 1 + max(int(whose.max()) for _, whose in groups)
    num_views = sum(views.shape[0] * views.shape[1] for views, _ in groups) / num_images
    sums: list[Tensor] = []
    for views, whose in groups:
        at_once = max(1, pixels_at_once // (views.shape[2] * views.shape[3]))
        chunks = torch.split(views.flatten(0, 1), at_once)
        found = torch.cat([network(normalize(chunk)).double().softmax(1) for chunk in chunks])
        found = found.reshape(*views.shape[:2], -1).sum(1)
        empty = found.new_zeros(num_images, found.shape[1])
        sums.append(empty.index_add_(0, whose.to(found.device), found))
    return torch.stack(sums).sum(0) / num_views


def evaluate_scores(batches: Iterable[Tensor], labels: Tensor) -> dict[str, float]:
    """Top-1 and top-5 error over the images of every process; `labels` are this one's, in order.

    Shape: batches of (n, K), (N,) with N the sum of all n.
    Unit: percent.
    """
    found, first = [], 0
    for scores in batches:
        found.append(ranks(scores, labels[first : first + len(scores)].to(scores.device)))
        first += len(scores)
    return errors_of_all(found)


def errors_of_all(own_ranks: Sequence[Tensor]) -> dict[str, float]:
    """`topk_errors` over the ranks that every process found.

    Unit: percent.
    """
    own = torch.cat(list(own_ranks)).cpu() if own_ranks else torch.empty(0, dtype=torch.long)
    return topk_errors(torch.cat(cast(list[Tensor], distributed.gather(own))))
