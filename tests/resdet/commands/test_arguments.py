"""The options that tools share: --classes; --refine and the other extras of a detector."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import cv2
import pytest
import torch

from backbones.files.json_file import read_json
from resdet import config, engines
from resdet.checkpoints import checkpoint as files
from resdet.commands.arguments import add_extras, class_names, extras
from resdet.data.shapes.draw import SHAPE_CLASSES
from resdet.detector.build import build_model

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name, *argv: importlib.import_module(name).main([str(arg) for arg in argv])


@pytest.fixture
def detector(small_config, tmp_path: Path) -> Path:
    engine = engines.load("tv")
    cfg = small_config("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.1")
    torch.manual_seed(0)
    state = engine.canonical_state(build_model(cfg, engine)[0])
    state["box_predictor.bbox_pred.weight"].normal_(std=0.1)
    path = tmp_path / "model.pth"
    files.save(path, files.DetectorCheckpoint(state, cfg, SHAPE_CLASSES, "tv", 0, {}))
    return path


def test_classes_are_names_or_a_file_of_them(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("red fox\nfox, grey\n")
    assert class_names("cat, dog") == ("cat", "dog")
    assert class_names(str(tmp_path / "names.txt")) == ("red fox", "fox, grey")
    assert class_names(str(tmp_path / "names.txt")).files == [tmp_path / "names.txt"]
    for wrong in ("cat,,dog", "", str(tmp_path / "absent.txt")):
        with pytest.raises(argparse.ArgumentTypeError, match=r"must be .*names"):
            class_names(wrong)


def test_options_become_keys() -> None:
    from backbones.terminal.parser import Parser

    parser = Parser("x\n\nexamples:\n  x\n")
    add_extras(parser)
    assert extras(parser.parse_args([])) == []
    argv = [
        "--refine",
        "--maxout",
        "80,96",
        "--multi-scale",
        "64,96",
        "--flip",
        "--ensemble",
        "a.pth",
        "b.pth",
    ]
    cfg = config.load("shapes_r18", extras(parser.parse_args(argv)))
    config.check(cfg)
    assert cfg.TEST.REFINE
    assert cfg.TEST.MAXOUT_SIZES == [80, 96]
    assert cfg.TEST.ENSEMBLE == ["a.pth", "b.pth"]
    aug = cfg.TEST.AUG
    assert (aug.ENABLED, aug.MIN_SIZES, aug.MAX_SIZE, aug.FLIP) == (True, (64, 96), 0, True)
    alone = config.load("shapes_r18", extras(parser.parse_args(["--flip"]))).TEST.AUG
    assert (alone.ENABLED, alone.MIN_SIZES, alone.FLIP) == (True, (), True)
    unflipped = config.load("shapes_r18", extras(parser.parse_args(["--multi-scale", "64"])))
    assert not unflipped.TEST.AUG.FLIP


@pytest.mark.parametrize("sizes", ["96,64", "0,96", "a", "96,96", ""])
def test_sizes_must_rise(sizes: str, tool, detector, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tool("eval_voc", "--checkpoint", detector, "--data", "x", "--split", "y", "--maxout", sizes)
    assert "must be pixels of the shorter side, rising, as 400,600,800" in capsys.readouterr().err


def test_what_was_on_stands_in_the_result_and_in_shards(
    tool, detector, shapes_root, tmp_path, capsys
) -> None:
    data = ("--checkpoint", detector, "--data", shapes_root, "--split", "test")
    kept = ("--shards", tmp_path / "found", "--json")
    results = []
    for tested, more in {"": (), "box refinement; mirrored too": ("--refine", "--flip")}.items():
        path = tmp_path / f"{len(results)}.json"
        folder = tmp_path / f"found{len(results)}"
        tool("eval_voc", *data, *more, "--shards", folder, "--json", path)
        results.append(read_json(path))
        assert results[-1].get("testing", "").replace("views of its own size; ", "") == tested
    plain, refined = results
    assert plain["num_detections"] != refined["num_detections"]
    with pytest.raises(ValueError, match="must be a shard of this run, got one of another testing"):
        tool("eval_voc", *data, "--refine", *kept[:1], tmp_path / "found1")
    with pytest.raises(SystemExit):
        tool("eval_voc", "--detections", "x", *data[2:], "--multi-scale", "64")
    assert "--multi-scale goes with --checkpoint" in capsys.readouterr().err


def test_a_picture_is_drawn_with_them(tool, detector, shapes_root, tmp_path) -> None:
    source = next((shapes_root / "JPEGImages").iterdir())
    pictures = []
    for number, more in enumerate([(), ("--refine", "--ensemble", detector)]):
        output = tmp_path / str(number)
        given = ("--checkpoint", detector, "--input", source, "--output", output)
        tool("visualize", *given, "--threshold", "0", *more)
        pictures.append(cv2.imread(str(output / source.name)))
    assert (pictures[0] != pictures[1]).any()


def test_a_config_asks_for_them_in_training_too(tool, small_config, shapes_root, tmp_path) -> None:
    cfg = small_config("TEST.REFINE", "True", "TEST.MAXOUT_SIZES", "[80, 96]")
    cfg.SOLVER.MAX_ITER = 1
    path = tmp_path / "small.yaml"
    path.write_text(cfg.dump())
    tool("train_det", "--config", path, "--engine", "tv", "--output", tmp_path / "run")
    (scores,) = read_json(tmp_path / "run" / "results.json")["metrics"].values()
    assert scores["area"]["num_images"] == 4
    told = (tmp_path / "run" / "log.txt").read_text()
    assert "tested with box refinement; maxout of 80, 96" in told
