"""Which of the extras a config asks for. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode


@dataclass(frozen=True)
class Extras:
    """What TEST.* asks for beyond one look at one size.

    `sizes` and `longest` are those of TEST.AUG, empty and 0 for the detector's own; `merges` is
    False where there is one view, not mirrored.
    """

    refine: bool = False
    merges: bool = False
    sizes: tuple[int, ...] = ()
    longest: int = 0
    flip: bool = False
    maxout: tuple[int, ...] = ()
    ensemble: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.refine or self.merges or self.maxout or self.ensemble)

    def __str__(self) -> str:
        """What is on, for logs and for the names of shards."""
        parts = ["box refinement"] if self.refine else []
        if self.merges:
            parts.append(f"views {', '.join(map(str, self.sizes)) or 'of its own size'}")
        parts += ["mirrored too"] if self.flip else []
        parts += [f"maxout of {', '.join(map(str, self.maxout))}"] if self.maxout else []
        parts += [f"ensemble with {', '.join(self.ensemble)}"] if self.ensemble else []
        return "; ".join(parts)


def build_extras(cfg: CfgNode) -> Extras:
    """What a config asks for."""
    test, aug = cfg.TEST, cfg.TEST.AUG
    return Extras(
        refine=test.REFINE,
        merges=aug.ENABLED,
        sizes=tuple(aug.MIN_SIZES) if aug.ENABLED else (),
        longest=aug.MAX_SIZE if aug.ENABLED else 0,
        flip=aug.ENABLED and aug.FLIP,
        maxout=tuple(test.MAXOUT_SIZES),
        ensemble=tuple(test.ENSEMBLE),
    )
