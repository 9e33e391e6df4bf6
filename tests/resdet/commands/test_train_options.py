"""train_det: --precision, --compile and --batch reach the training, or the measurement."""

import importlib
from pathlib import Path

import pytest

from resdet.detector.speed import Speed
from resdet.training import train as training

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the tool up to the call that works; returns (name, config, speed)."""
    monkeypatch.syspath_prepend(str(TOOLS))
    seen = []

    def train(cfg, *args, **kwargs):
        seen.append(("train", cfg, None))
        return {"metrics": {}}

    def measure(cfg, engine, name, output, path, overrides, speed):
        seen.append(("measure", cfg, speed))
        return {"metrics": {}}

    monkeypatch.setattr(training, "train_detector", train)
    monkeypatch.setattr(training, "evaluate_checkpoint", measure)

    def call(*options):
        argv = ["--config", "shapes_r18", "--output", str(tmp_path / "run"), *options]
        importlib.import_module("train_det").main(argv)
        return seen.pop()

    return call


def solver(cfg):
    amp = cfg.SOLVER.AMP
    return amp.ENABLED, amp.PRECISION, cfg.MODEL.COMPILE, cfg.SOLVER.IMS_PER_BATCH


def test_training_takes_them_as_keys_of_the_config(run):
    plain = solver(run()[1])
    assert plain[:3] == (False, "bf16", False)
    name, cfg, _ = run("--precision", "fp16", "--compile", "--batch", "6")
    assert name == "train"
    assert solver(cfg) == (True, "fp16", True, 6)
    assert solver(run("--precision", "fp32", "SOLVER.AMP.ENABLED", "True")[1]) == plain


def test_measuring_takes_them_as_they_are(run):
    assert run("--eval-only")[::2] == ("measure", Speed())
    options = ("--precision", "bf16", "--compile", "--batch", "3")
    assert run("--eval-only", *options)[::2] == ("measure", Speed("bf16", True, 3))


def test_words_that_people_type_are_keys_of_the_config(run):
    cfg = run("--device", "cpu", "--iters", "7", "--workers", "0")[1]
    assert (cfg.MODEL.DEVICE, cfg.SOLVER.MAX_ITER, cfg.DATALOADER.NUM_WORKERS) == ("cpu", 7, 0)
    assert run("--eval-only", "--workers", "3")[1].DATALOADER.NUM_WORKERS == 3


@pytest.mark.parametrize("options", [("--batch", "0"), ("--batch", "x"), ("--precision", "int8")])
def test_other_values_are_refused(run, options, capsys):
    with pytest.raises(SystemExit):
        run(*options)
    assert options[0] in capsys.readouterr().err


def test_classes_of_a_folder_are_those_that_are_said(run, shapes_root):
    names = ["ring", "cross", "star", "triangle", "square", "circle", "more"]
    cfg = run("--data", str(shapes_root), "--classes", ",".join(names), "--eval-only")[1]
    assert (list(cfg.DATASETS.CLASSES), cfg.MODEL.ROI_HEADS.NUM_CLASSES) == (names, 7)
    with pytest.raises(ValueError, match=r"--classes goes with --data; a config says DATASETS\.CL"):
        run("--classes", "cat")
