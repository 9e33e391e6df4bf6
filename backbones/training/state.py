"""Where a classifier's training stands: what `--resume` reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from backbones import checkpoint

FORMAT = "backbones-training/1"
FILE = "training_state.pth"


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next iteration depends on, and the arch it belongs to.

    The random numbers need no place: each saving seeds them anew from seed and iteration.
    """

    iteration: int
    seed: int
    arch: dict[str, Any]
    class_names: tuple[str, ...]
    preprocessing: dict[str, Any]
    progress: dict[str, Any]
    model: dict[str, Tensor]
    average: dict[str, Tensor] | None
    optimizer: dict[str, Any]
    scaler: dict[str, Any]


def save_state(directory: Path, state: TrainingState) -> None:
    """Replace the state in `directory`, atomically, and point `last_checkpoint` at it."""
    fields = {name: getattr(state, name) for name in TrainingState.__dataclass_fields__}
    fields["class_names"] = list(state.class_names)
    checkpoint.save(directory / FILE, {"format": FORMAT, **fields})
    checkpoint.mark_last(directory, FILE)


def load_state(directory: Path) -> TrainingState | None:
    """Return the state that `last_checkpoint` names; None where no run has saved one.

    Raises: ValueError if the file is broken or of another tool.
    """
    path = checkpoint.last(directory)
    if path is None:
        return None
    payload = checkpoint.load(path)
    if payload.pop("format", None) != FORMAT:
        raise ValueError(f"{path} must be a training state of tools/train_backbone.py")
    try:
        return TrainingState(**{**payload, "class_names": tuple(payload["class_names"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} must be a whole training state, got: {error}") from error
