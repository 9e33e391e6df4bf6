"""Folders as training leaves them, without training."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def leave_run(tmp_path: Path) -> Callable[..., Path]:
    """leave_run(name, seed, error): what 64k iterations leave, in the folder that it returns."""

    def leave(name: str, seed: int, error: float, **more: object) -> Path:
        folder = tmp_path / "runs" / f"{name}-seed{seed}"
        folder.mkdir(parents=True)
        results = {
            "metrics": {"top1_error": error, "top5_error": error / 10},
            "iterations": 64000,
            "seed": seed,
            "num_classes": 10,
            "num_images": {"train": 45000, "test": 10000},
            "hardware": "a GPU",
            "versions": {"torch": "2.11.0", "torchvision": "0.26.0"},
            **more,
        }
        (folder / "results.json").write_text(json.dumps(results))
        lines = [{"iteration": i, "train_error": 90 - i / 1000, "loss": 1} for i in (0, 32000)]
        lines += [{"iteration": 32000, "top1_error": 20}, {"iteration": 64000, "top1_error": error}]
        (folder / "metrics.json").write_text("\n".join(map(json.dumps, lines)))
        return folder

    return leave
