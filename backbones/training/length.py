"""How long a run is, said in epochs, and the schedule that moves with it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from backbones.config import CfgNode
from backbones.data.check_usable import usable
from backbones.data.images import open_images
from backbones.terminal.wording import count

ITERATIONS, STEPS, WARMUP = "SOLVER.MAX_ITER", "SOLVER.STEPS", "SOLVER.WARMUP_ITERS"
Changed = dict[str, tuple[Any, Any]]  # of keys, before and now


def count_images(cfg: CfgNode) -> int:
    """Those that a classifier is trained on. Raises: ValueError if they cannot be read."""
    opened = open_images(Path(cfg.DATASETS.ROOT), hold_out=cfg.DATASETS.HOLD_OUT)
    return len(usable(opened.train, "train")[0])


def iterations_of(epochs: float, images: int, images_per_iteration: int) -> int:
    """At least 1; 0.07 epochs of 100 images are 7, of which floats make 7.000000000000001."""
    return max(math.ceil(Fraction(str(epochs)) * images / images_per_iteration), 1)


def in_epochs(
    cfg: CfgNode, epochs: float, images: int, fixed: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """(KEY VALUE pairs that make a run on `images` so many epochs long, lines that tell it).

    The rate falls at the same parts of the run as before, and a warm-up longer than half of it is
    shortened likewise. Keys in `fixed` are the user's and stay.
    """
    batch = cfg.SOLVER.IMS_PER_BATCH
    iterations = iterations_of(epochs, images, batch)
    changed: Changed = {ITERATIONS: (cfg.SOLVER.MAX_ITER, iterations)}
    changed |= {key: two for key, two in _moved(cfg.SOLVER, iterations).items() if key not in fixed}
    lines = [
        f"length   {count(epochs, 'epoch')} of {count(images, 'image')}, {batch} in an iteration"
    ]
    lines += [f"         {key} {now}, was {before}" for key, (before, now) in changed.items()]
    return [text for key, (_, now) in changed.items() for text in (key, json.dumps(now))], lines


def _moved(solver: CfgNode, iterations: int) -> Changed:
    """What a run of so many iterations wants otherwise: before, and now."""
    part, warmup = iterations / solver.MAX_ITER, solver.WARMUP_ITERS
    found: Changed = {}
    if solver.LR_SCHEDULER_NAME == "WarmupMultiStepLR":
        steps = list(solver.STEPS)
        found[STEPS] = steps, [max(round(step * part), 1) for step in steps]
    if 2 * warmup > iterations:
        found[WARMUP] = warmup, min(round(warmup * part), iterations // 2)
    return {key: two for key, two in found.items() if two[0] != two[1]}
