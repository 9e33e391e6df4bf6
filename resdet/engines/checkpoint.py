"""A detector at rest: canonical weights, its config, its classes, and where training stood."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fvcore.common.config import CfgNode
from torch import Tensor

from backbones import checkpoint
from resdet import config

FORMAT = "resdet/1"
FINAL = "model_final.pth"
BEST = "model_best.pth"


@dataclass(frozen=True)
class DetectorCheckpoint:
    """`training` (optimiser, scaler, best score) is empty in files that are not for resuming."""

    model: dict[str, Tensor]
    cfg: CfgNode
    class_names: tuple[str, ...]
    engine: str
    iteration: int
    training: dict[str, Any]


def save(path: Path, state: DetectorCheckpoint) -> None:
    """Write atomically."""
    checkpoint.save(
        path,
        {
            "format": FORMAT,
            "model": state.model,
            "config": state.cfg.dump(),
            "class_names": list(state.class_names),
            "engine": state.engine,
            "iteration": state.iteration,
            "training": state.training,
        },
    )


def load(path: Path) -> DetectorCheckpoint:
    """Read what `save` wrote, running no code.

    Raises: FileNotFoundError; ValueError if the file is broken or not a detector of ours.
    """
    path = Path(path)
    payload = checkpoint.load(path)
    if payload.get("format") != FORMAT:
        raise ValueError(
            f"format of {path} must be {FORMAT!r}, got {payload.get('format')!r}; "
            "give a model_final.pth that tools/train_det.py wrote"
        )
    try:
        return DetectorCheckpoint(
            model=payload["model"],
            cfg=config.loads(payload["config"], str(path)),
            class_names=tuple(payload["class_names"]),
            engine=payload["engine"],
            iteration=payload["iteration"],
            training=payload["training"],
        )
    except KeyError as error:
        raise ValueError(f"{path} must be a whole checkpoint, got one without {error}") from error
