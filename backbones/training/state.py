"""Where a classifier's training stands: what `--resume` reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from backbones.training.ranks import RankState
from backbones.training.series import Series
from backbones.weights import checkpoint

FORMAT = "backbones-training/1"
STATES = Series("training_state")


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next iteration depends on, and the arch it belongs to.

    `ranks` is what `gather_ranks` found; of releases before it, empty.
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
    ranks: list[RankState] = field(default_factory=list)
    rate_scale: float = 1.0  # below 1 after a loss that was not finite


def save_state(directory: Path, state: TrainingState, keep: int) -> None:
    """Write the state into `directory`, whole, and keep the `keep` newest; 0: all."""
    fields = {name: getattr(state, name) for name in TrainingState.__dataclass_fields__}
    fields["class_names"] = list(state.class_names)
    name = STATES.name(state.iteration)
    checkpoint.save(directory / name, {"format": FORMAT, **fields})
    STATES.advance(directory, name, state.iteration, keep)


def load_state(directory: Path, *, resume: bool = True) -> TrainingState | None:
    """What a run in `directory` goes on from; None where it starts anew.

    Raises: ValueError if all files are broken or of another tool; as `Series.take_up`.
    """
    return STATES.take_up(directory, read_state, resume=resume)


def read_state(path: Path) -> TrainingState:
    """Raises: FileNotFoundError; ValueError if the file is broken or of another tool."""
    payload = checkpoint.load(path)
    if payload.pop("format", None) != FORMAT:
        raise ValueError(f"{path} must be a training state of resdet train-backbone")
    try:
        return TrainingState(**{**payload, "class_names": tuple(payload["class_names"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} must be a whole training state, got: {error}") from error
