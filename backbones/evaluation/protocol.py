"""The paper's tests of trained networks on a data set, alone and as an ensemble."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.convolution.quick import place
from backbones.data.images import Images, open_test
from backbones.data.normalize import Normalizer
from backbones.evaluation.classes import ClassMatch, match_classes
from backbones.evaluation.crops import single_crop, ten_crops
from backbones.evaluation.dense import FullyConvolutional, scaled_views, scales_for
from backbones.evaluation.ensemble import check_same_classes, mean_scores
from backbones.evaluation.networks import LoadedNetwork
from backbones.evaluation.scores import Cut, evaluate_scores, load_views, mean_over_views
from backbones.evaluation.statistics import recompute
from backbones.machine import distributed

Test = Literal["single", "10crop", "multiscale"]
Track = Callable[[Iterator[Tensor], int], Iterable[Tensor]]


@dataclass(frozen=True)
class Protocol:
    """How networks are tested. `scales` of a multi-scale test: () is the paper's.

    `precise_bn` counts the training batches of which batch-norm statistics are taken anew.
    """

    test: Test = "single"
    scales: tuple[int, ...] = ()
    precise_bn: int = 0
    batch_size: int = 32
    num_workers: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a test found; `networks` says of which, `notes` are remarks for the user."""

    metrics: dict[str, float]
    num_images: int
    images_per_second: float
    networks: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Member:
    """One network, its input, and the views of an image that it is shown."""

    network: LoadedNetwork
    classify: nn.Module
    cut: Cut
    normalize: Normalizer
    scales: tuple[int, ...] = ()


def evaluate_networks(
    networks: Sequence[LoadedNetwork],
    root: Path,
    protocol: Protocol,
    device: torch.device,
    track: Track = lambda batches, total: batches,
) -> Outcome:
    """Errors of the mean score of `networks` on the test images in `root`.

    Runs in every process that `distributed.setup` has joined; `track` may watch the batches.
    Raises: ValueError if classes, scales or images do not fit the networks.
    """
    images = open_test(root)
    matches = [_match(network, images, root) for network in networks]
    check_same_classes(
        [(net.source, match.class_names) for net, match in zip(networks, matches, strict=True)]
    )
    members = [_member(network, protocol, device) for network in networks]
    if protocol.precise_bn:
        for member in members:
            _recompute(member, root, protocol)

    share = np.arange(distributed.rank(), len(images), distributed.world_size())
    labels = torch.from_numpy(np.array(matches[0].labels, np.int64)[images.labels[share]])
    started = time.perf_counter()
    scores = mean_scores([_scores(m, images, share, protocol, len(members)) for m in members])
    batches = track(scores, math.ceil(len(share) / protocol.batch_size))
    metrics = evaluate_scores(batches, labels)
    return Outcome(
        metrics,
        len(images),
        round(len(images) / (time.perf_counter() - started), 1),
        tuple({**m.network.describe(), "scales": list(m.scales)} for m in members),
        tuple(dict.fromkeys(filter(None, [*(match.note for match in matches), *_means(members)]))),
    )


def _means(members: Sequence[_Member]) -> Iterator[str]:
    """Remarks on mean images that do not fit what is shown."""
    for member in members:
        side = round((len(member.network.preprocessing.mean_image) / 3) ** 0.5)
        if side and (member.scales or member.network.size != side):
            yield (
                f"{member.network.source}: where inputs are not {side}x{side}, the mean of each "
                "channel stands in for its mean image"
            )


def _match(network: LoadedNetwork, images: Images, root: Path) -> ClassMatch:
    return match_classes(
        network.preprocessing.class_names,
        network.model.num_classes,
        images.class_names,
        source=network.source,
        data=str(root),
    )


def _member(network: LoadedNetwork, protocol: Protocol, device: torch.device) -> _Member:
    model = network.model.to(memory_format=torch.channels_last)
    place(model, device, learns=False)
    normalize = Normalizer(network.preprocessing, device)
    if protocol.test == "multiscale":
        scales = protocol.scales or scales_for(network.size)
        dense = FullyConvolutional(model, network.size)
        for scale in scales:
            dense.check_size(scale)
        return _Member(
            network, dense, partial(scaled_views, scales=scales), normalize, tuple(scales)
        )
    crops = ten_crops if protocol.test == "10crop" else single_crop
    cut = partial(crops, size=network.size, shorter_side=network.shorter_side)
    return _Member(network, model, cut, normalize)


def _recompute(member: _Member, root: Path, protocol: Protocol) -> None:
    recompute(
        member.network,
        root,
        member.normalize,
        num_batches=protocol.precise_bn,
        batch_size=protocol.batch_size,
        num_workers=protocol.num_workers,
    )


def _scores(
    member: _Member,
    images: Images,
    share: NDArray[np.int64],
    protocol: Protocol,
    num_members: int,
) -> Iterator[Tensor]:
    batches = load_views(
        images,
        member.cut,
        share.tolist(),
        batch_size=protocol.batch_size,
        num_workers=math.ceil(protocol.num_workers / num_members),
    )
    for groups in batches:
        yield mean_over_views(
            member.classify,
            groups,
            member.normalize,
            pixels_at_once=protocol.batch_size * member.network.size**2,
        )
