"""The precision that suits the processor, where no GPU trains."""

from __future__ import annotations

from collections.abc import Sequence

from fvcore.common.config import CfgNode

from backbones.machine import distributed, precision

AMP = ("SOLVER.AMP.ENABLED", "SOLVER.AMP.PRECISION")


def fit_precision(cfg: CfgNode, fixed: Sequence[str]) -> tuple[list[str], list[str]]:
    """(KEY VALUE pairs, the line that tells them): bfloat16 where the processor has it.

    A GPU, a precision in `fixed` and fp16 stay as they are.
    """
    amp = cfg.SOLVER.AMP
    if set(AMP) & set(fixed) or distributed.device(cfg.MODEL.DEVICE).type != "cpu":
        return [], []
    has = precision.processor_has_bf16()
    if has == amp.ENABLED or amp.PRECISION != "bf16":
        return [], []
    line = (
        "bf16, which this processor has: about 0.7 of fp32's time (--precision fp32 undoes it)"
        if has
        else "fp32: this processor has no bf16"
    )
    return [AMP[0], str(has)], [f"numbers  {line}"]
