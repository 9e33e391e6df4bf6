"""Runs of the tool that a signal ends: a state is saved, and the rest is to the bit the same."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from backbones.config import load_classification
from backbones.terminal.exits import Stopped
from backbones.training.classification import train_classifier
from backbones.training.losses import ClassificationLosses
from backbones.training.nonfinite import NonFiniteLossError
from backbones.training.progress import Progress
from backbones.training.report import finished_results
from backbones.training.state import load_state, save_state
from backbones.weights import checkpoint
from backbones.weights.checkpoint import load_backbone, mark_last

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "MODEL.WIDTH": 0.125,
    "INPUT.SIZE": 32,
    "INPUT.MIN_SIZE_TRAIN": [32, 36],
    "INPUT.MIN_SIZE_TEST": 32,
    "INPUT.MEAN": "channel",
    "INPUT.COLOR_AUGMENTATION": "none",
    "SOLVER.IMS_PER_BATCH": 4,
    "SOLVER.BASE_LR": 0.02,
    "SOLVER.EMA.ENABLED": True,
    "SOLVER.EMA.PERIOD": 3,
    "TEST.EVAL_PERIOD": 40,
    "TEST.PRECISE_BN.ENABLED": False,
    "DATALOADER.NUM_WORKERS": 0,
    "MODEL.DEVICE": "cpu",
    "SEED": 1,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 2)):
        for name in ("a", "b"):
            for i in range(count):
                path = root / split / name / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), rng.integers(0, 256, (40, 48, 3), np.uint8))
    return root


def start(images: Path, output: Path, *more: str, processes: int = 1, **settings: object):
    pairs = {**SETTINGS, "DATASETS.ROOT": images}
    pairs |= {key.replace("__", "."): value for key, value in settings.items()}
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [
        sys.executable,
        *(launch if processes > 1 else []),
        "tools/train_backbone.py",
    ]
    command += ["--config", "imagenet_resnet18", "--output", str(output), *more]
    return subprocess.Popen(
        [*command, *(str(x) for pair in pairs.items() for x in pair)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(run: subprocess.Popen, *codes: int) -> str:
    out, _ = run.communicate(timeout=300)
    assert run.returncode in (codes or (0,)), out
    return out


def once_it_trains(run: subprocess.Popen, output: Path) -> None:
    metrics = output / "metrics.json"
    end = time.monotonic() + 240
    while not metrics.is_file() or not metrics.read_text():
        assert run.poll() is None, finish(run)
        assert time.monotonic() < end, "no iteration in 240 s"
        time.sleep(0.1)


def weights(output: Path) -> dict[str, torch.Tensor]:
    return load_backbone(output / "model_final.pth").model


def config(images: Path, **settings: object):
    pairs = {**SETTINGS, "DATASETS.ROOT": images}
    pairs |= {key.replace("__", "."): value for key, value in settings.items()}
    flat = [str(x) for pair in pairs.items() for x in pair]
    return load_classification("imagenet_resnet18", flat)


def signal_after(monkeypatch: pytest.MonkeyPatch, done: int, number: int = signal.SIGTERM) -> None:
    """Send this process a signal amid an iteration, once."""
    real = Progress.end_iteration

    def end(progress: Progress, iterations: int) -> None:
        real(progress, iterations)
        if iterations == done:
            signal.raise_signal(number)

    monkeypatch.setattr(Progress, "end_iteration", end)


def test_a_run_goes_on_from_any_iteration_to_the_bit(images, tmp_path, monkeypatch, capfd):
    cfg = config(images, SOLVER__MAX_ITER=11, TEST__EVAL_PERIOD=5, SOLVER__CHECKPOINT_PERIOD=4)
    train_classifier(cfg, tmp_path / "whole")
    handler = signal.getsignal(signal.SIGTERM)
    for done in (3, 10):  # 10: an evaluation is due, and comes after the run is taken up again
        with monkeypatch.context() as patch:
            signal_after(patch, done - 1)
            with pytest.raises(Stopped) as stop:
                train_classifier(cfg, tmp_path / "parts", resume=done > 3)
        state = f"{tmp_path}/parts/training_state_{done - 1:07d}.pth"
        told = f"SIGTERM: stopped after {done} of 11 iterations; {state} is saved: --resume"
        assert str(stop.value).startswith(told)
        assert stop.value.exit_code == 143
        assert signal.getsignal(signal.SIGTERM) is handler
        assert "this iteration, then a checkpoint" in capfd.readouterr().err
    train_classifier(cfg, tmp_path / "parts", resume=True)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert [key for key in whole if not torch.equal(whole[key], parts[key])] == []
    last = [load_state(tmp_path / name) for name in ("whole", "parts")]
    assert last[0].progress == last[1].progress
    lines = [(tmp_path / name / "metrics.json").read_text() for name in ("whole", "parts")]
    errors = [[json.loads(x).get("top1_error") for x in text.splitlines()] for text in lines]
    measured = [[e for e in run if e is not None] for run in errors]
    assert measured[0] == measured[1]
    assert len(measured[0]) == 3  # after 5, 10 and 11 iterations
    for key in ("python", "numpy", "torch"):
        assert str(last[0].ranks[0]["random"][key]) == str(last[1].ranks[0]["random"][key])


def test_the_newest_are_kept_and_the_best(images, tmp_path):
    cfg = config(images, SOLVER__MAX_ITER=6, TEST__EVAL_PERIOD=2, SOLVER__CHECKPOINT_PERIOD=1)
    cfg.SOLVER.CHECKPOINT_KEEP = 2
    train_classifier(cfg, tmp_path)
    kept = sorted(p.name for p in tmp_path.glob("*.pth"))
    states = ["training_state_0000004.pth", "training_state_0000005.pth"]
    assert kept == ["model_best.pth", "model_final.pth", *states]
    best = load_backbone(tmp_path / "model_best.pth").meta
    lowest = min(error for _, error in load_state(tmp_path).progress["evaluation"])
    assert best["metrics"]["top1_error"] == lowest


def test_a_damaged_newest_state_is_passed_over(images, tmp_path, capsys):
    cfg = config(images, SOLVER__MAX_ITER=4, SOLVER__CHECKPOINT_PERIOD=1)
    train_classifier(cfg, tmp_path)
    before = weights(tmp_path)
    newest = tmp_path / "training_state_0000003.pth"
    newest.write_bytes(newest.read_bytes()[:-100])
    (tmp_path / ".training_state_0000004.pth.999999999.abcdefgh.tmp").write_bytes(b"half")
    train_classifier(cfg, tmp_path, resume=True)
    out = capsys.readouterr().out
    assert f"passed over: checkpoint must be a complete, readable torch file, got {newest}" in out
    assert f"the checkpoint before it, {tmp_path}/training_state_0000002.pth" in out
    assert all(torch.equal(before[key], value) for key, value in weights(tmp_path).items())
    assert not list(tmp_path.glob(".*"))
    results = tmp_path / "results.json"
    results.write_text(results.read_text().replace('"iterations": 4', '"iterations": 2'))
    assert finished_results(cfg, tmp_path) is None  # they are of a shorter run
    for path in tmp_path.glob("training_state_*.pth"):
        path.write_bytes(b"")
    cfg.SOLVER.MAX_ITER = 5
    with pytest.raises(ValueError, match=r"readable torch file, got .*training_state_0000003\.pth"):
        train_classifier(cfg, tmp_path, resume=True)


def test_another_number_of_processes_begins_the_random_numbers_anew(images, tmp_path):
    cfg = config(images, SOLVER__MAX_ITER=1)
    train_classifier(cfg, tmp_path)
    state = load_state(tmp_path)
    save_state(tmp_path, replace(state, ranks=state.ranks * 2), 3)
    cfg.SOLVER.MAX_ITER = 2
    train_classifier(cfg, tmp_path, resume=True)
    told = "of 2 process(es), this run has 1: random numbers begin anew, from seed 1"
    assert told in (tmp_path / "log.txt").read_text()


def spoil_once(monkeypatch: pytest.MonkeyPatch, iteration: int, times: int = 1) -> list[Any]:
    """Let the loss of an iteration be NaN; returns the labels of its batch, each time."""
    real, calls, seen = ClassificationLosses.__call__, itertools.count(), []

    def losses(own: ClassificationLosses, model: nn.Module, batch: Any) -> dict[str, torch.Tensor]:
        values = real(own, model, batch)
        if next(calls) == iteration or (seen and len(seen) < times):
            seen.append(batch[1].tolist())
            values["loss_cls"] = values["loss_cls"] * torch.nan
        return values

    monkeypatch.setattr(ClassificationLosses, "__call__", losses)
    return seen


def test_the_images_of_a_loss_not_finite_are_named(images, tmp_path, monkeypatch):
    cfg = config(images, SOLVER__MAX_ITER=20, SOLVER__ACCUMULATION=2, DATALOADER__REPETITIONS=3)
    labels = spoil_once(monkeypatch, 2 * 15)  # in the third epoch
    with pytest.raises(NonFiniteLossError, match="at iteration 15 with rate 0.02 and gradient"):
        train_classifier(cfg, tmp_path)
    kept = checkpoint.load(tmp_path / "nonfinite_0000015.pth")
    names = [Path(name).parent.name for name in kept["image_ids"]]
    read = [label for _, part in kept["batches"] for label in part.tolist()]
    assert len(read) == 4
    assert [{"a": 0, "b": 1}[name] for name in names] == read
    assert read[:2] == labels[0]
    assert all(Path(name).is_file() for name in kept["image_ids"])


def test_a_run_rolls_back_once_at_half_the_rate(images, tmp_path, monkeypatch):
    cfg = config(images, SOLVER__MAX_ITER=6, SOLVER__CHECKPOINT_PERIOD=2, SOLVER__ROLL_BACK=True)
    with monkeypatch.context() as patch:
        spoil_once(patch, 3)
        train_classifier(cfg, tmp_path / "saved")
    lines = [json.loads(x) for x in (tmp_path / "saved/metrics.json").read_text().splitlines()]
    rates = {line["iteration"]: line["lr"] for line in lines if "lr" in line}
    assert rates == pytest.approx({0: 0.02, 1: 0.02, 2: 0.01, 3: 0.01, 5: 0.01})
    assert "every rate times 0.5" in (tmp_path / "saved/log.txt").read_text()
    assert load_state(tmp_path / "saved").rate_scale == 0.5
    with monkeypatch.context() as patch:
        spoil_once(patch, 3, times=2)
        with pytest.raises(NonFiniteLossError, match="iteration 2 with rate 0.01") as fault:
            train_classifier(cfg, tmp_path / "lost")
    assert fault.value.rate_scale == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("processes", "workers", "number"),
    [
        (1, 2, signal.SIGINT),
        (2, 0, signal.SIGTERM),
        (2, 2, signal.SIGTERM),
    ],
)
def test_a_signal_saves_and_the_rest_is_the_same_to_the_bit(
    images, tmp_path, processes, workers, number
):
    """Dropout-free ResNet with batch norm, moving average and evaluations in between."""
    options = {"processes": processes, "DATALOADER__NUM_WORKERS": workers}
    run = start(images, tmp_path / "parts", SOLVER__MAX_ITER=100_000, **options)
    once_it_trains(run, tmp_path / "parts")
    time.sleep(0.5)
    os.kill(run.pid, number)
    signalled = time.monotonic()
    # torchrun has codes of its own: it raises, and may abort at its exit
    out = finish(run, *((1, -signal.SIGABRT) if processes > 1 else (128 + number,)))
    assert time.monotonic() - signalled < 30
    done = load_state(tmp_path / "parts").iteration
    told = f"{number.name}: stopped after {done} of 100000 iterations; "
    assert told + f"{tmp_path}/parts/training_state_{done - 1:07d}.pth is saved: --resume" in out
    assert out.count("stopped after") == 1
    assert processes > 1 or "Traceback" not in out
    end = {"SOLVER__MAX_ITER": done + 23, **options}
    finish(start(images, tmp_path / "parts", "--resume", **end))
    finish(start(images, tmp_path / "whole", **end))
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert [key for key in whole if not torch.equal(whole[key], parts[key])] == []
    last = [load_state(tmp_path / name) for name in ("whole", "parts")]
    assert last[0].progress == last[1].progress
    lines = [(tmp_path / name / "metrics.json").read_text() for name in ("whole", "parts")]
    errors = [[json.loads(x).get("top1_error") for x in text.splitlines()] for text in lines]
    assert [e for e in errors[0] if e is not None] == [e for e in errors[1] if e is not None]


def test_a_second_signal_ends_at_once(tmp_path):
    mark_last(tmp_path, "training_state_0000004.pth")
    program = (
        "import sys, torch\n"
        "from pathlib import Path\n"
        "from backbones.training.stopping import Stopping\n"
        "with Stopping(Path(sys.argv[1])) as stop, stop.deferred():\n"
        "    print('ready', flush=True)\n"
        "    torch.linalg.svd(torch.rand(4000, 4000))  # which no handler of Python's interrupts\n"
    )
    stuck = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert stuck.stdout is not None
    stuck.stdout.readline()
    stuck.terminate()
    time.sleep(1.2)
    assert stuck.poll() is None
    stuck.terminate()
    out = finish(stuck, 143)
    assert "SIGTERM: ended at once; " in out
    assert f"{tmp_path}/training_state_0000004.pth is saved: --resume goes on from there" in out
