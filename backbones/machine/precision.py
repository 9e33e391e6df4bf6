"""In which numbers a network computes. torch is imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16", "fp16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
_NAMES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def dtype(precision: Precision) -> torch.dtype:
    """What torch calls it."""
    import torch

    found: torch.dtype = getattr(torch, _NAMES[precision])
    return found


def autocast(device: torch.device, precision: Precision, *, cached: bool = True) -> torch.autocast:
    """In which what is entered computes; `cached`: weights are cast once for all of it."""
    import torch

    halved = precision != "fp32"
    return torch.autocast(device.type, dtype(precision), halved, cache_enabled=cached)


def processor_has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; others do so far slower than float32."""
    from torch import cpu

    return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())
