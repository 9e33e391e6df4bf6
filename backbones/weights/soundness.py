"""Weights that a network can take: dense, real, finite, and no more than their file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from backbones.terminal.printable import printable
from backbones.weights.fields import WAY_OUT, told

_TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_SPARE = 1 << 20  # bytes that views of one number may claim: scales that are all alike
_LISTED = 3  # tensors of a fault that are named


def check_weights(weights: Any, source: str) -> None:
    """Raise a ValueError that names the tensor, unless these are weights by name.

    Numbers that are NaN or infinite are counted; views that stand for more numbers than are stored
    are refused before anything is computed of them.
    """
    if not isinstance(weights, dict) or not weights:
        raise ValueError(
            f"weights of {source} must be tensors by name, got {told(weights)}; {WAY_OUT}"
        )
    strange = [
        f"{told(key)}: {_kind(value)}"
        for key, value in weights.items()
        if not isinstance(key, str) or not _is_sound(value)
    ]
    if strange:
        raise ValueError(
            f"weights of {source} must be dense tensors of floating numbers by name, got "
            f"{_listed(strange)}; {WAY_OUT}"
        )
    _check_claims(weights, source)
    _check_finite(weights, source)


def _is_sound(value: Any) -> bool:
    """Numbers at hand; of whole ones a single one, which counts batches."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_meta:
        return False
    counts = value.ndim == 0 and not value.is_floating_point() and not value.is_complex()
    return value.dtype in _TYPES or (counts and not value.is_quantized)


def _kind(value: Any) -> str:
    if not isinstance(value, Tensor):
        return told(value)
    where = "without numbers" if value.is_meta else str(value.layout).removeprefix("torch.")
    return f"{str(value.dtype).removeprefix('torch.')}, {where}"


def _check_claims(weights: Mapping[str, Tensor], source: str) -> None:
    storages = (value.untyped_storage() for value in weights.values())
    stored = sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
    claimed = sum(value.numel() * value.element_size() for value in weights.values())
    if claimed > 2 * stored + _SPARE:  # a few networks share a tensor or two
        raise ValueError(
            f"weights of {source} must be stored number by number, got {claimed:,} bytes that "
            f"stand for {stored:,}; {WAY_OUT}"
        )


@torch.no_grad()
def _check_finite(weights: Mapping[str, Tensor], source: str) -> None:
    # a sum is finite where all its parts are, and reads them once; it may be too large, though
    suspects = [key for key, value in weights.items() if not math.isfinite(value.sum().item())]
    counts = {key: int((~torch.isfinite(weights[key])).sum()) for key in suspects}
    faults = [f"{n} of {weights[k].numel()} in {printable(k)}" for k, n in counts.items() if n]
    if faults:
        raise ValueError(
            f"weights of {source} must be finite, got NaN or infinite numbers: {_listed(faults)}; "
            "the training that wrote them went wrong: take an earlier checkpoint, or train anew"
        )


def _listed(faults: list[str]) -> str:
    more = f"; and {len(faults) - _LISTED} more tensors" if len(faults) > _LISTED else ""
    return "; ".join(faults[:_LISTED]) + more
