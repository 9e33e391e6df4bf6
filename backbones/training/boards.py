"""Where a run can be watched: TensorBoard's files, and Weights & Biases where it is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from backbones.config import CfgNode
from backbones.files.atomic import write_bytes

EVENTS = "events.out.tfevents"
_ID = "wandb_id"  # of the run that a resumed one goes on with
_INSTALL = "pip install 'resdet[wandb]'"

Picture = NDArray[np.uint8]  # (H, W, 3) RGB


class Board(Protocol):
    """Takes what a run measures; `iteration` counts from 0."""

    def scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """A point on each curve."""

    def picture(self, iteration: int, name: str, picture: Picture) -> None:
        """(H, W, 3) RGB."""

    def close(self, *, failed: bool) -> None:
        """No more will come; `failed`: for an error or a signal ended the run."""


MakeBoard = Callable[[], Board]


class TensorBoard:
    """Event files in the folder of the run; a resumed one takes back what comes after its start."""

    def __init__(self, directory: Path, start_iteration: int = 0) -> None:
        self._writer = SummaryWriter(str(directory), purge_step=start_iteration)

    def scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """A point on each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, iteration)

    def picture(self, iteration: int, name: str, picture: Picture) -> None:
        """(H, W, 3) RGB."""
        self._writer.add_image(name, picture, iteration, dataformats="HWC")

    def close(self, *, failed: bool = False) -> None:
        """Write what waits."""
        self._writer.close()


class WeightsAndBiases:
    """A run of wandb.ai, its files in the folder of ours; a resumed one goes on with its run.

    WANDB_MODE=offline keeps it on this machine, for `wandb sync` later.
    Raises: ValueError if wandb refuses, for want of a login or of its servers.
    """

    def __init__(
        self, directory: Path, project: str, name: str, config: Mapping[str, Any], *, resumed: bool
    ) -> None:
        import wandb

        self._wandb = wandb
        known = directory / _ID
        old = known.read_text(encoding="utf-8").strip() if resumed and known.is_file() else None
        try:
            self._run: Any = wandb.init(
                project=project,
                name=name,
                id=old,
                resume="allow" if old else None,
                dir=str(directory),
                config=dict(config),
                settings=wandb.Settings(console="off", quiet=True),  # log.txt has the lines
            )
        except wandb.errors.Error as error:
            raise ValueError(
                f"WANDB.ENABLED must be False where wandb cannot start, got True: {error}; "
                "`wandb login`, or WANDB_MODE=offline"
            ) from None
        # a resumed run begins before the last step that wandb has seen
        self._run.define_metric("*", step_metric="iteration")
        write_bytes(known, f"{self._run.id}\n".encode())

    def scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """A point on each curve."""
        self._run.log({"iteration": iteration, **values})

    def picture(self, iteration: int, name: str, picture: Picture) -> None:
        """(H, W, 3) RGB."""
        self._run.log({"iteration": iteration, name: self._wandb.Image(picture)})

    def close(self, *, failed: bool = False) -> None:
        """Hand over what waits; a failed run is marked as one."""
        self._run.finish(exit_code=int(failed))


def wandb_board(cfg: CfgNode, directory: Path, *, resumed: bool) -> list[MakeBoard]:
    """What WANDB.* asks for: one board, or none; called before data are read.

    Raises: ValueError if wandb is not installed.
    """
    if not cfg.WANDB.ENABLED:
        return []
    found = importlib.util.find_spec("wandb")
    if found is None or found.origin is None:  # a folder of that name is no package
        raise ValueError(
            f"WANDB.ENABLED must be False without the package wandb, got True; {_INSTALL}"
        )
    name = cfg.WANDB.NAME or directory.resolve().name
    settings = plain(cfg)
    return [lambda: WeightsAndBiases(directory, cfg.WANDB.PROJECT, name, settings, resumed=resumed)]


def plain(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """The config as dicts, lists and values."""
    return {k: plain(v) if isinstance(v, Mapping) else v for k, v in cfg.items()}
