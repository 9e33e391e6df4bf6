"""A detector's training that is stopped, damaged or spoilt: nothing is lost, nothing is silent."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from backbones.terminal.exits import Stopped
from backbones.training.nonfinite import NonFiniteLossError
from backbones.weights import checkpoint as files
from resdet import engines
from resdet.checkpoints import checkpoint
from resdet.training.train import train_detector

ROOT = Path(__file__).resolve().parents[2]


def train(cfg, directory: Path, **options):
    return train_detector(cfg.clone(), engines.load("tv"), "test", directory, **options)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path).model


def at_call(monkeypatch: pytest.MonkeyPatch, number: int, act) -> None:
    """Do something to the losses of the iteration in which they are asked for so often."""
    engine = engines.load("tv")
    real, calls = engine.compute_losses, []

    def losses(model, batch):
        calls.append(batch)
        values = real(model, batch)
        return act(values) if len(calls) == number else values

    monkeypatch.setattr(engine, "compute_losses", losses)


def terminate(values):
    signal.raise_signal(signal.SIGTERM)
    return values


def spoil(values):
    return {name: value * torch.nan for name, value in values.items()}


def test_a_run_goes_on_from_any_iteration_to_the_bit(small_config, tmp_path, monkeypatch) -> None:
    cfg = small_config("MODEL.RESNETS.NORM", "BN", "SOLVER.CHECKPOINT_PERIOD", "0")
    cfg.MODEL.ROI_BOX_HEAD.NAME, cfg.MODEL.ROI_BOX_HEAD.DROPOUT = "FC6FC7Head", 0.5
    cfg.MODEL.BACKBONE.NAME = "build_resdet_vgg_backbone"
    cfg.MODEL.VGG.NORM = "BN"
    cfg.MODEL.RPN.IN_FEATURES = cfg.MODEL.ROI_HEADS.IN_FEATURES = ["conv5"]
    cfg.MODEL.ROI_BOX_HEAD.FC_DIM = 16
    train(cfg, tmp_path / "whole")
    part = tmp_path / "part"
    with monkeypatch.context() as patch:
        at_call(patch, 3, terminate)
        with pytest.raises(Stopped, match="SIGTERM: stopped after 3 of 4 iterations; .*0002.pth"):
            train(cfg, part)
    train(cfg, part, resume=True)
    whole, resumed = weights(tmp_path / "whole/model_final.pth"), weights(part / "model_final.pth")
    assert [key for key, value in whole.items() if not torch.equal(value, resumed[key])] == []


def test_an_evaluation_that_a_signal_put_off_is_made_up_for(
    small_config, tmp_path, monkeypatch
) -> None:
    cfg = small_config("TEST.EVAL_PERIOD", "2", "SOLVER.CHECKPOINT_PERIOD", "0")
    with monkeypatch.context() as patch:
        at_call(patch, 2, terminate)
        with pytest.raises(Stopped):
            train(cfg, tmp_path)
    assert not (tmp_path / "model_best.pth").exists()
    train(cfg, tmp_path, resume=True)
    lines = [json.loads(x) for x in (tmp_path / "metrics.json").read_text().splitlines()]
    assert [x["iteration"] for x in lines if "shapes_test/mAP@0.50-area" in x] == [1, 3]


def test_the_newest_are_kept_and_a_damaged_one_is_passed_over(
    small_config, tmp_path, capsys
) -> None:
    cfg = small_config("SOLVER.CHECKPOINT_PERIOD", "1", "SOLVER.CHECKPOINT_KEEP", "3")
    train(cfg, tmp_path)
    kept = {path.name for path in tmp_path.glob("*.pth")}
    steps = {"model_0000001.pth", "model_0000002.pth"}
    assert kept == {"model_final.pth", "model_best.pth", *steps}
    final = tmp_path / "model_final.pth"
    before = weights(final)
    content = bytearray(final.read_bytes())
    content[len(content) // 2] ^= 1
    final.write_bytes(content)
    (tmp_path / "model_best.pth").write_bytes(b"")
    train(cfg, tmp_path, resume=True)
    out = capsys.readouterr().out
    assert f"passed over: checkpoint must be a complete, readable torch file, got {final}" in out
    assert f"going on from the checkpoint before it, {tmp_path}/model_0000002.pth" in out
    assert "the best so far is not known" in out
    assert all(torch.equal(value, before[key]) for key, value in weights(final).items())


def test_weights_alone_are_no_run_to_go_on_with(small_config, tmp_path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "1")
    train(cfg, tmp_path / "a")
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / "a/model_best.pth", tmp_path / "b")
    files.mark_last(tmp_path / "b", "model_best.pth")
    with pytest.raises(ValueError, match=r"must hold a run to go on with, got weights only; give"):
        train(cfg, tmp_path / "b", resume=True)


def test_a_loss_not_finite_names_images_and_rolls_back_if_asked(
    small_config, tmp_path, monkeypatch
) -> None:
    cfg = small_config("SOLVER.CHECKPOINT_PERIOD", "1", "DATASETS.TEST", "()")
    with monkeypatch.context() as patch:
        at_call(patch, 3, spoil)
        with pytest.raises(NonFiniteLossError, match="loss must be finite, got .* at iteration 2 "):
            train(cfg, tmp_path / "a")
    kept = files.load(tmp_path / "a/nonfinite_0000002.pth")
    assert kept["image_ids"] == [sample["image_id"] for sample in kept["batches"][0]]
    assert len(kept["image_ids"]) == 2
    cfg.SOLVER.ROLL_BACK = True
    with monkeypatch.context() as patch:
        at_call(patch, 3, spoil)
        train(cfg, tmp_path / "b")
    assert "every rate times 0.5" in (tmp_path / "b/log.txt").read_text()
    assert checkpoint.load(tmp_path / "b/model_final.pth").training["rate_scale"] == 0.5


def start(cfg, directory: Path, processes: int, *options: str) -> subprocess.Popen:
    (directory.parent / "cfg.yaml").write_text(cfg.dump())
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    config = str(directory.parent / "cfg.yaml")
    tool = [
        "tools/train_det.py",
        "--engine",
        "tv",
        "--config",
        config,
        "--output",
        str(directory),
    ]
    return subprocess.Popen(
        [sys.executable, *(torchrun if processes > 1 else []), *tool, *options],
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


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "workers"), [(1, 2), (2, 0), (2, 2)])
def test_a_signal_to_the_tool_saves_and_the_rest_is_the_same_to_the_bit(
    small_config, tmp_path, processes, workers
) -> None:
    cfg = small_config("DATASETS.TEST", "()", "SOLVER.CHECKPOINT_PERIOD", "0")
    cfg.MODEL.RESNETS.NORM, cfg.DATALOADER.NUM_WORKERS = "BN", workers
    cfg.SOLVER.MAX_ITER, cfg.SOLVER.BASE_LR, cfg.SEED = 100_000, 0.001, 3
    cfg.SOLVER.LR_SCHEDULER_NAME = "WarmupMultiStepLR"  # which does not depend on MAX_ITER
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    run = start(cfg, parts, processes)
    end = time.monotonic() + 120
    while not (parts / "metrics.json").is_file() or not (parts / "metrics.json").read_text():
        assert run.poll() is None, finish(run)
        assert time.monotonic() < end, "no iteration in 120 s"
        time.sleep(0.1)
    run.terminate()
    out = finish(run, *((1, -signal.SIGABRT) if processes > 1 else (143,)))  # torchrun has its own
    done = int(checkpoint.load(files.last(parts)).iteration)
    assert f"SIGTERM: stopped after {done} of 100000 iterations" in out
    cfg.SOLVER.MAX_ITER = done + 5
    finish(start(cfg, parts, processes, "--resume"))
    finish(start(cfg, whole, processes))
    one, two = weights(whole / "model_final.pth"), weights(parts / "model_final.pth")
    assert one.keys() == two.keys()
    assert [key for key, value in one.items() if not torch.equal(value, two[key])] == []
