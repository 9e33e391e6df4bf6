"""How fast a detector runs, and what that asks of it: nothing here changes what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backbones.machine.precision import PRECISIONS, Precision, autocast

if TYPE_CHECKING:
    import torch
    from torch import nn


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
