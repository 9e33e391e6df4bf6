"""Several networks as one: the mean of their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from backbones.terminal.wording import count


def mean_scores(networks: Sequence[Iterable[Tensor]]) -> Iterator[Tensor]:
    """Mean over networks of their batches of scores, all of the same images.

    Shape: batches of (N, K).
    Source: He et al. 2016, Table 5.
    """
    for scores in zip(*networks, strict=True):
        yield torch.stack(scores).mean(0)


def check_same_classes(networks: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Raise a ValueError with every difference, unless all networks score the same classes.

    `networks` holds the file of each and its class names.
    """
    (first, expected), *others = networks
    faults = [f"{file}: {fault}" for file, got in others for fault in _differences(expected, got)]
    if faults:
        raise ValueError(
            f"class names of an ensemble must be those of {first}, got {'; '.join(faults)}; "
            "leave out the networks of other classes"
        )


def _differences(expected: Sequence[str], got: Sequence[str]) -> list[str]:
    if len(expected) != len(got):
        return [f"{count(len(got), 'class', 'classes')}, not {len(expected)}"]
    pairs = enumerate(zip(expected, got, strict=True))
    return [f"class {i} is {b!r}, not {a!r}" for i, (a, b) in pairs if a != b]
