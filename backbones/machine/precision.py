"""In which numbers a network computes."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["fp32", "bf16", "fp16"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: torch.device, precision: Precision, *, cached: bool = True) -> torch.autocast:
    """In which what is entered computes; `cached`: weights are cast once for all of it."""
    halved = precision != "fp32"
    return torch.autocast(device.type, DTYPES[precision], halved, cache_enabled=cached)


def processor_has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; others do so far slower than float32."""
    cpu = torch.cpu
    return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())
