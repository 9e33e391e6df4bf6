from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from resdet import engines
from resdet.checkpoints import checkpoint
from resdet.commands import reproduce as command
from resdet.detector.build import build_model
from resdet.reproduction import extras
from resdet.reproduction.extras_table import extras_sheet

CLASSES = ("circle", "square", "triangle", "star", "cross", "ring")


def detector(small_config, path: Path, base: str) -> None:
    """Random weights, all of whose boxes count."""
    engine = engines.load("tv")
    more = ("MODEL.VGG.NORM", "GN", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.1")
    cfg = small_config(*more, base=base)
    torch.manual_seed(0)
    state = engine.canonical_state(build_model(cfg, engine)[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(path, checkpoint.DetectorCheckpoint(state, cfg, CLASSES, "tv", 0, {}))


def test_every_line_is_measured_and_printed(
    small_config, shapes_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, output = tmp_path / "demo", tmp_path / "out"
    with pytest.raises(ValueError, match=r"--data must be the folder of `make demo`, got one with"):
        extras.measure(demo, output)
    shutil.copytree(shapes_root, demo / "shapes")
    detector(small_config, demo / extras.RESNET, "shapes_r18")
    detector(small_config, demo / extras.VGG, "shapes_vgg16")
    detector(small_config, demo / extras.WEIGHTS, "shapes_r18")
    trained = []

    def train(demo: Path, output: Path, name: str, seed: int) -> None:
        trained.append((output.name, seed))
        detector(small_config, output / "model_final.pth", name)

    monkeypatch.setattr(extras, "_train", train)
    measured = extras.measure(demo, output, seeds=2, resamples=100)
    assert trained == [
        ("shapes_r18-seed2", 2),
        ("shapes_r18_context-seed1", 1),
        ("shapes_r18_context-seed2", 2),
    ]
    assert [line["runs"] for line in measured["lines"]] == [1, 1, 1, 1, 1, 1, 2, 2]
    assert measured["lines"][4]["testing"] == "TEST.ENSEMBLE ['shapes_vgg16']"
    assert all(line["milliseconds"] > 1 for line in measured["lines"])
    assert measured["num_images"] == 4
    assert measured["lines"][-1]["label"] == "global context, 2 runs"
    assert not measured["lines"][-2]["gains"]
    text = extras_sheet(measured).table().splitlines()
    assert len(text) == 2 + len(extras.TESTS)
    assert len({line.count("|") for line in text}) == 1


def test_what_is_published_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["table9", "--scale", "small", "--output", str(tmp_path)])
    told = capsys.readouterr().out
    assert (tmp_path / "small" / "table9.md").read_text() in told
    assert told.count("\n| ") == 2 + len(extras.TESTS)
    assert "| box refinement | " in told
