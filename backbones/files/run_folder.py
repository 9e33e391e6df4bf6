"""The folder of a training run, known by its log and its metrics."""

from __future__ import annotations

from pathlib import Path

LOG, METRICS = "log.txt", "metrics.json"
# what a run would replace
_WRITTEN = ("config.yaml", METRICS, "model_best.pth", "model_final.pth")


def is_run(folder: Path) -> bool:
    """Whether a run has begun there."""
    return all((folder / name).is_file() for name in (LOG, METRICS))


def check_own(folder: Path) -> None:
    """Raises: ValueError where files lie under the names of a run's and no run has begun."""
    foreign = [] if is_run(folder) else [name for name in _WRITTEN if (folder / name).exists()]
    if foreign:
        raise ValueError(
            f"--output must be new, empty or a run's, got {folder}, whose {foreign[0]} is no "
            "run's and would be replaced; choose another folder"
        )
