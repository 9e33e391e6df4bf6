"""Training a classifier end to end on a folder of two colours."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import backbones
from backbones.config import load_classification
from backbones.machine.hardware import cpu_model
from backbones.terminal import parser as cli
from backbones.training import classifier_run, task
from backbones.training.classification import train_classifier
from backbones.training.report import finished_results
from backbones.training.state import load_state
from backbones.training.task import build_classifier
from backbones.weights.checkpoint import load_backbone

ROOT = Path(__file__).resolve().parents[3]
TOOL = ROOT / "tools" / "train_backbone.py"
SETTINGS = {
    "MODEL.WIDTH": 0.125,
    "INPUT.SIZE": 32,
    "INPUT.MIN_SIZE_TRAIN": [32, 36],
    "INPUT.MIN_SIZE_TEST": 32,
    "SOLVER.MAX_ITER": 30,
    "SOLVER.IMS_PER_BATCH": 8,
    "SOLVER.BASE_LR": 0.02,
    "SOLVER.LR_SCHEDULER_NAME": "WarmupMultiStepLR",
    "SOLVER.STEPS": [24],
    "TEST.EVAL_PERIOD": 0,
    "TEST.PRECISE_BN.NUM_ITER": 2,
    "INPUT.MEAN": "channel",
    "INPUT.COLOR_AUGMENTATION": "none",
    "DATALOADER.NUM_WORKERS": 0,
    "MODEL.DEVICE": "cpu",
    "SEED": 1,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    root = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 4)):
        for channel, name in enumerate(("blue", "green")):
            for i in range(count):
                image = rng.integers(0, 120, (40, 48, 3), np.uint8)
                image[..., channel] += 120
                path = root / split / name / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image)
    return root


def pairs(images, **changes):
    settings = {**SETTINGS, "DATASETS.ROOT": str(images)}
    settings |= {k.replace("__", "."): v for k, v in changes.items()}
    return [str(x) for pair in settings.items() for x in pair]


def config(images, name="imagenet_resnet18", **changes):
    return load_classification(name, pairs(images, **changes))


def metrics(output):
    lines = [json.loads(x) for x in (output / "metrics.json").read_text().splitlines()]
    return [x for x in lines if "total_loss" in x], [x for x in lines if "top1_error" in x]


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    output = tmp_path_factory.mktemp("run")
    results = train_classifier(config(images, SOLVER__CHECKPOINT_PERIOD=20), output)
    return output, results


def test_training_learns_and_writes_its_files(run):
    output, results = run
    losses, errors = metrics(output)
    assert losses[-1]["train_error"] < losses[0]["train_error"] + 1e-9
    assert losses[-1]["total_loss"] < 0.5 * losses[0]["total_loss"]
    assert results["metrics"]["top1_error"] <= 25  # half of them by chance
    assert results["metrics"]["top5_error"] == 0
    assert errors[-1]["iteration"] == 29
    assert losses[-1]["lr"] == pytest.approx(0.002)
    names = {p.name.split(".tfevents")[0] for p in output.iterdir()}
    files = {"config.yaml", "log.txt", "metrics.json", "model_final.pth", "last_checkpoint"}
    assert names >= {*files, "learning_curve.png", "results.json", "events.out"}
    assert json.loads((output / "results.json").read_text()) == results
    assert results["device"] == "cpu"
    assert results["environment"]["cpu"] == cpu_model()
    assert results["num_processes"] == 1


def test_the_checkpoint_rebuilds_the_network_and_knows_its_classes(run):
    checkpoint = load_backbone(run[0] / "model_final.pth")
    assert checkpoint.preprocessing.class_names == ("blue", "green")
    assert checkpoint.preprocessing.mean == task.IMAGENET_MEAN
    model = backbones.create(**checkpoint.arch, num_classes=checkpoint.num_classes)
    model.load_state_dict(checkpoint.model)
    assert model.fc.out_features == 2


def test_a_stopped_run_resumes_to_the_same_weights(run, images, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    cfg = config(images, SOLVER__CHECKPOINT_PERIOD=20)
    real = classifier_run.save_state
    with monkeypatch.context() as patch:
        patch.setattr(classifier_run, "save_state", lambda *a: (real(*a), stop()))
        with pytest.raises(KeyboardInterrupt):
            train_classifier(cfg, tmp_path)
    assert finished_results(cfg, tmp_path) is None
    train_classifier(cfg, tmp_path, resume=True)
    whole, resumed = (load_backbone(d / "model_final.pth").model for d in (run[0], tmp_path))
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    assert [x["iteration"] for x in metrics(tmp_path)[0]] == [0, 19, 20, 29]


def test_dropout_resumes_too(images, tmp_path):
    cfg = config(
        images, "imagenet_vgg16", SOLVER__MAX_ITER=4, SOLVER__CHECKPOINT_PERIOD=2, MODEL__WIDTH=0.02
    )
    train_classifier(cfg, tmp_path / "whole")
    half = cfg.clone()
    half.SOLVER.MAX_ITER = 2
    train_classifier(half, tmp_path / "parts")
    train_classifier(cfg, tmp_path / "parts", resume=True)
    whole, parts = (
        load_backbone(tmp_path / d / "model_final.pth").model for d in ("whole", "parts")
    )
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_a_resumed_run_trains_at_the_new_rate_and_decay(images, tmp_path):
    train_classifier(config(images, SOLVER__MAX_ITER=1), tmp_path)
    cfg = config(images, SOLVER__MAX_ITER=2, SOLVER__BASE_LR=0.005, SOLVER__WEIGHT_DECAY=0.25)
    train_classifier(cfg, tmp_path, resume=True)
    assert [x["lr"] for x in metrics(tmp_path)[0]] == [0.02, 0.005]
    groups = load_state(tmp_path).optimizer["param_groups"]
    assert [g["weight_decay"] for g in groups] == [0.25]


def test_a_resumed_run_must_be_the_same(run, images, tmp_path):
    cfg = config(images, MODEL__WIDTH=0.25, SOLVER__MAX_ITER=40)
    with pytest.raises(ValueError, match=r"the run in .* width must be 0\.25, got 0\.125"):
        train_classifier(cfg, run[0], resume=True)


def test_the_tool_says_finished_and_a_fault_in_one_line(run, images, capsys, monkeypatch):
    tool = runpy.run_path(str(TOOL))["main"]
    common = ["--config", "imagenet_resnet18"]
    assert tool([*common, *pairs(images), "--output", str(run[0]), "--resume"]) == 0
    told = "is finished already: 30 iterations; raise SOLVER.MAX_ITER to go on, or measure it"
    assert told in capsys.readouterr().out
    arguments = [*common, "DATASETS.ROOT", "/nowhere", "--output", str(run[0] / "other")]
    monkeypatch.setattr("sys.argv", ["train_backbone.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        cli.run(tool)
    fault = capsys.readouterr().err
    assert fault.startswith("error: /nowhere must hold train/<class>/ folders")


def test_init_from_takes_weights_and_nothing_else(run, images, tmp_path, capsys):
    tool = runpy.run_path(str(TOOL))["main"]
    weights = run[0] / "model_final.pth"
    changes = {"SOLVER__MAX_ITER": 1, "SOLVER__BASE_LR": 1e-12, "SOLVER__WEIGHT_DECAY": 0}
    arguments = ["--config", "imagenet_resnet18", *pairs(images, **changes), "--output"]
    assert tool([*arguments, str(tmp_path), "--init-from", str(weights)]) == 0
    assert f"weights of {weights}\n" in capsys.readouterr().out
    before, after = (load_backbone(d / "model_final.pth").model for d in (run[0], tmp_path))
    assert torch.allclose(before["fc.weight"], after["fc.weight"], atol=1e-6)
    assert [x["iteration"] for x in metrics(tmp_path)[0]] == [0]
    with pytest.raises(FileNotFoundError, match="--init-from must be an existing file, got /no"):
        tool([*arguments, str(tmp_path / "new"), "--init-from", "/no.pth"])
    with pytest.raises(SystemExit, match="2"):
        tool([*arguments, str(tmp_path), "--init-from", str(weights), "--resume"])
    assert "does not go with" in capsys.readouterr().err


def test_a_run_is_not_trained_over(run, images):
    before = {p: p.read_bytes() for p in run[0].iterdir()}
    with pytest.raises(ValueError, match=r"--output must be new, got .*; give --resume to go on"):
        train_classifier(config(images), run[0])
    assert {p: p.read_bytes() for p in run[0].iterdir()} == before


def test_an_output_that_is_a_file_is_refused(images, tmp_path):
    (tmp_path / "run").write_text("")
    for output in ("run", "run/below"):
        with pytest.raises(ValueError, match="--output must be a folder, got .*run, which is a"):
            train_classifier(config(images), tmp_path / output)


def test_resuming_nothing_says_that_it_starts(images, tmp_path, capsys):
    train_classifier(config(images, SOLVER__MAX_ITER=1), tmp_path / "new", resume=True)
    assert capsys.readouterr().out.startswith(f"{tmp_path}/new holds no run yet: starting one\n")
    train_classifier(config(images, SOLVER__MAX_ITER=2), tmp_path / "new", resume=True)
    assert "starting one" not in capsys.readouterr().out


def test_weights_of_other_classes_lose_their_classifier(run, images):
    weights = str(run[0] / "model_final.pth")
    _, _, notes = build_classifier(config(images, MODEL__WEIGHTS=weights), ("blue", "red"))
    assert "without fc.weight, fc.bias: they name other classes" in notes[0]
    model, _, notes = build_classifier(config(images, MODEL__WEIGHTS=weights), ("blue", "green"))
    assert notes == (f"weights of {weights}",)
    assert torch.equal(model.fc.weight, load_backbone(Path(weights)).model["fc.weight"])


def test_preprocessing_is_the_configs_then_the_weights(run, images):
    weights = str(run[0] / "model_final.pth")
    classes = ("blue", "green")
    chosen = config(
        images, INPUT__PIXEL_MEAN=[1, 2, 3], INPUT__FORMAT="BGR", MODEL__WEIGHTS=weights
    )
    preprocessing = build_classifier(chosen, classes)[1]
    assert preprocessing.channel_order == "BGR"
    assert preprocessing.mean == (1, 2, 3)
    assert preprocessing.std == task.IMAGENET_STD[::-1]


def test_num_classes_may_exceed_the_folder_only(images):
    assert build_classifier(config(images, MODEL__NUM_CLASSES=5), ("a", "b"))[0].num_classes == 5
    with pytest.raises(ValueError, match="NUM_CLASSES must be 0 or at least the 2 classes"):
        build_classifier(config(images, MODEL__NUM_CLASSES=1), ("a", "b"))


def test_a_key_the_network_does_not_know_is_refused(images):
    cfg = config(images, "imagenet_vgg16", MODEL__STRIDE_IN_1X1=False)
    with pytest.raises(ValueError, match=r"arguments of vgg16 .* got stride_in_1x1"):
        build_classifier(cfg, ("a", "b"))
