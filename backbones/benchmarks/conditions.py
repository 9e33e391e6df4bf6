"""What a benchmark runs on and with: devices, networks, hardware and versions."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from typing import Any

import torch

from backbones.machine.hardware import conditions


def present(device: str) -> torch.device:
    """The device of that name. Raises: ValueError if this machine lacks it."""
    kind = device.partition(":")[0]
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not torch.cuda.is_available()):
        there = "cpu or cuda" if torch.cuda.is_available() else "cpu: there is no GPU"
        raise ValueError(f"--device must be {there}, got {device!r}")
    return torch.device(device)


def check_networks(networks: Sequence[str], there_are: Sequence[str]) -> None:
    """Raises: ValueError for networks that are not among `there_are`; ours and torchvision's."""
    known = [n for n in there_are if n.startswith("resnet") or n in ("vgg16", "vgg19")]
    if unknown := [name for name in networks if name not in known]:
        raise ValueError(f"--networks must be of {', '.join(known)}, got {', '.join(unknown)}")


def benchmark_conditions(device: torch.device) -> dict[str, Any]:
    """Hardware and versions, those of the peers and the driver too."""
    measured = conditions(device)
    for peer in ("timm", "detectron2"):
        if importlib.util.find_spec(peer):
            measured["versions"][peer] = _version(peer)
    if device.type == "cuda":
        measured["versions"]["cuda"] = torch.version.cuda
        measured["versions"]["driver"] = _driver()
    return measured


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # importable, and not installed
        return str(getattr(importlib.import_module(package), "__version__", "unknown"))


def _driver() -> str | None:
    """The driver's version, where its kernel module tells."""
    try:
        with open("/sys/module/nvidia/version", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None
