"""How fast a detector runs, and what that asks of it: nothing here changes what it finds."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backbones.machine.precision import PRECISIONS, Precision, autocast

if TYPE_CHECKING:
    import torch
    from torch import nn

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # of glibc's malloc.h


@dataclass(frozen=True)
class Speed:
    """Precision of the networks, whether they are compiled, and images in one pass.

    Raises: ValueError for a value out of its range.
    """

    precision: Precision = "fp32"
    compiled: bool = False
    batch: int = 1

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be fp32, bf16 or fp16, got {self.precision!r}")
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, got {self.batch}")

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context in which the model runs."""
        return autocast(device, self.precision)


def compile_parts(model: nn.Module) -> None:
    """torch.compile, in place, for trunk and RPN head: two graphs at most for all sizes.

    What follows them depends on the number of boxes found and stays as it is.
    """
    names = {"backbone", "rpn.head", "proposal_generator.rpn_head"}
    for name, part in model.named_modules():
        if name in names:
            part.compile(dynamic=True)


def keep_memory() -> None:
    """Let glibc keep the memory that this process frees, where glibc it is.

    By default each large array is mapped anew, and a CPU then spends up to a tenth of a detector's
    time on fresh pages.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
