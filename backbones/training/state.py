"""Where a classifier's training stands: what `--resume` reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backbones.training.ranks import RankState
from backbones.training.series import Series
from backbones.weights import checkpoint
from backbones.weights.fields import (
    WAY_OUT,
    Field,
    check_fields,
    each,
    is_called,
    is_count,
    is_dict,
    is_positive,
    is_text,
)
from backbones.weights.soundness import check_weights

FORMAT = "backbones-training/1"
STATES = Series("training_state")


_FIELDS = (
    Field("iteration", "a number of iterations", is_count),
    Field("seed", "a whole number", is_count),
    Field("arch", "the arguments of a network", is_dict),
    Field("class_names", "a list of texts", each(is_text)),
    Field("preprocessing", "fields by name", is_dict),
    Field("progress", "errors so far", is_dict),
    Field("model", "weights by name", is_dict),
    Field("average", "weights by name, or None", lambda x: x is None or is_dict(x)),
    Field("optimizer", "what it keeps by name", is_dict),
    Field("scaler", "what it keeps by name", is_dict),
    Field("ranks", "a list of what each process keeps", each(is_dict), needed=False),
    Field("rate_scale", "a number above 0", is_positive, needed=False),
)


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
    if not is_called(payload.pop("format", None), FORMAT):
        raise ValueError(f"{path} must be a training state of resdet train-backbone")
    check_fields(payload, _FIELDS, str(path))
    for weights in filter(None, (payload["model"], payload["average"])):
        check_weights(weights, str(path))
    try:
        return TrainingState(**{**payload, "class_names": tuple(payload["class_names"])})
    except TypeError as error:
        raise ValueError(f"{path} must be a whole training state, got: {error}") from error


@contextmanager
def taking_up(path: Path | None) -> Iterator[None]:
    """Raises: ValueError that names the file, whatever values of other kinds in it lead to."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"{path} must hold a run to go on with, got values that cannot be taken up "
            f"({type(error).__name__}: {error!s:.200}); {WAY_OUT}"
        ) from error
