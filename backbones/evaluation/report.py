"""A test as JSON and as a line of text."""

from __future__ import annotations

from typing import Any

import torch

from backbones.evaluation.protocol import Outcome, Protocol
from backbones.machine.hardware import conditions
from backbones.terminal.wording import count


def to_result(outcome: Outcome, protocol: Protocol, device: torch.device) -> dict[str, Any]:
    """What --json writes: errors, the network and how it was tested, the rest of its ensemble."""
    first, *others = outcome.networks
    return {
        **outcome.metrics,
        "num_images": outcome.num_images,
        "test": protocol.test,
        **first,
        "ensemble": others,
        "precise_bn": protocol.precise_bn,
        "images_per_second": outcome.images_per_second,
        **conditions(device),
    }


def describe(outcome: Outcome) -> str:
    """Errors, images and speed in one line."""
    top1, top5 = outcome.metrics["top1_error"], outcome.metrics["top5_error"]
    return (
        f"top-1 error {top1:.2f} %  top-5 error {top5:.2f} %  "
        f"{count(outcome.num_images, 'image')} at {outcome.images_per_second:.1f} images/s"
    )
