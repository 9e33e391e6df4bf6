"""A test as JSON and as a line of text."""

from __future__ import annotations

import platform
from typing import Any

import torch
import torchvision

from backbones.evaluation.protocol import Outcome, Protocol
from backbones.hardware import cpu_model


def to_result(outcome: Outcome, protocol: Protocol, device: torch.device) -> dict[str, Any]:
    """What --json writes: errors, the network and how it was tested, the rest of its ensemble."""
    first, *others = outcome.networks
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        **outcome.metrics,
        "num_images": outcome.num_images,
        "test": protocol.test,
        **first,
        "ensemble": others,
        "precise_bn": protocol.precise_bn,
        "images_per_second": outcome.images_per_second,
        "hardware": gpu or cpu_model(),
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "torchvision": torchvision.__version__,
        },
    }


def describe(outcome: Outcome) -> str:
    """Errors, images and speed in one line."""
    top1, top5 = outcome.metrics["top1_error"], outcome.metrics["top5_error"]
    return (
        f"top-1 error {top1:.2f} %  top-5 error {top5:.2f} %  "
        f"{outcome.num_images} images at {outcome.images_per_second:.1f} images/s"
    )
