"""MODEL.COMPILE in a whole training run: the losses of every iteration are those without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from resdet import engines
from resdet.training.train import train_detector

SETTINGS = {
    "INPUT.MIN_SIZE_TRAIN": "[80, 96, 128]",  # several sizes: the graphs are dynamic
    "INPUT.MAX_SIZE_TRAIN": "128",
    "SOLVER.MAX_ITER": "5",
    "SOLVER.STEPS": "[]",
    "DATASETS.TEST": "[]",
    "SOLVER.CHECKPOINT_PERIOD": "1",  # every iteration is then in the log
}


def losses(directory: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (directory / "metrics.json").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if "loss" in name}
        for line in lines
        if "total_loss" in line
    ]


@pytest.mark.slow
@pytest.mark.parametrize("base", ["shapes_r18", "shapes_vgg16"])
def test_compiled_training_loses_what_eager_does(base: str, small_config, tmp_path: Path) -> None:
    flat = [text for pair in SETTINGS.items() for text in pair]
    for name in ("False", "True"):
        cfg = small_config(*flat, "MODEL.COMPILE", name, base=base)
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        train_detector(cfg, engines.load("tv"), "test", tmp_path / name)
        assert bool(torch._dynamo.utils.counters["stats"]["unique_graphs"]) is (name == "True")
    eager, compiled = losses(tmp_path / "False"), losses(tmp_path / "True")
    assert len(eager) == 5
    assert eager[0]["total_loss"] != eager[1]["total_loss"]
    for expected, got in zip(eager, compiled, strict=True):
        assert got == pytest.approx(expected, rel=1e-4, abs=1e-4)
