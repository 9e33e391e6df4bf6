"""A loss that is not finite: noticed at its iteration, before it spoils the weights, and told."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from backbones.machine import distributed
from backbones.terminal import parser as cli
from backbones.terminal.exits import NOT_FINITE
from backbones.training.loop import Learner, LoopSettings, TrainingRun, train
from backbones.training.nonfinite import (
    FiniteWatch,
    NonFiniteLossError,
    Step,
    check_roll_back,
    explain,
)
from backbones.training.runlog import RunLog
from backbones.weights import checkpoint

TOOL = Path(__file__).resolve().parents[3] / "tools" / "train_backbone.py"
Batch = dict[str, torch.Tensor]


def layer(value: float = 1.0) -> nn.Module:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


class Named(TrainingRun):
    def image_ids(self, iteration, batches):
        return [f"image {iteration}"]


def run(directory: Path, model: nn.Module, batches, loss, rate: float = 0.1, **settings) -> None:
    optimizer = torch.optim.SGD([{"params": list(model.parameters()), "base_lr": rate}], lr=rate)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    learner = Learner(model, loss, optimizer, scaler, lambda iteration: 1.0)
    settings = LoopSettings(**{"max_iterations": 5, "images_per_iteration": 2} | settings)
    with RunLog(directory, "test", settings.max_iterations) as log:
        train(learner, iter(batches), settings, Named(), log)


def scaled(model: nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
    return {"loss_a": (model.weight * batch["inputs"]).sum(), "loss_b": model.weight.sum() * 0}


def whole(**more: torch.Tensor) -> Batch:
    return {"inputs": torch.ones(1), **more}


def test_it_is_told_at_its_iteration_with_all_that_is_known(tmp_path: Path) -> None:
    bad = {"inputs": torch.tensor([float("inf")])}
    model = layer()
    with pytest.raises(NonFiniteLossError) as fault:
        run(tmp_path, model, [whole(), whole(), bad], scaled)
    told = str(fault.value)
    assert told.startswith("loss must be finite, got total_loss inf, loss_a inf, loss_b 0 at ")
    assert "at iteration 2 with rate 0.1 and gradient norm inf; likely cause: inputs of the" in told
    file = tmp_path / "nonfinite_0000002.pth"
    assert told.endswith(f"images image 2 are kept in {file}")
    kept = checkpoint.load(file)
    assert kept["batches"][0]["inputs"].tolist() == [float("inf")]
    assert kept["image_ids"] == ["image 2"]
    assert (kept["iteration"], kept["rate"]) == (2, 0.1)
    assert kept["losses"]["loss_a"] == kept["gradient_norm"] == float("inf")
    assert model.weight.item() == pytest.approx(1 - 2 * 0.1)  # the step was not taken


@pytest.mark.parametrize(
    ("batch", "loss", "precision", "cause"),
    [
        (whole(boxes=torch.tensor([[5.0, 5, 5, 9]])), "nan", "fp32", "boxes of the batch without"),
        (whole(boxes=torch.full((1, 4), torch.nan)), "nan", "fp32", "boxes of the batch that are"),
        (whole(), "nan", "fp32", r"a rate of 0\.1, too high here; lower SOLVER\.BASE_LR"),
        (whole(), "nan", "bf16", "a rate of"),
        (whole(), "overflow", "bf16", "bf16: in fp32 the same batch has a finite loss; set SOLVER"),
    ],
)
def test_the_likely_cause(tmp_path: Path, batch: Batch, loss: str, precision, cause: str) -> None:
    def compute(model: nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
        low = torch.is_autocast_enabled("cpu") and loss == "overflow"
        return {
            "loss_a": model.weight.sum() * (1.0 if loss == "overflow" and not low else torch.nan)
        }

    with pytest.raises(NonFiniteLossError, match=f"likely cause: {cause}"):
        run(tmp_path, layer(), [batch], compute, precision=precision)


def test_a_gradient_may_be_at_fault_alone(tmp_path: Path) -> None:
    def root(model: nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
        return {"loss_a": (model.weight - 1).sum().sqrt()}

    with pytest.raises(NonFiniteLossError, match="gradient must be finite, got norm inf at iter"):
        run(tmp_path, layer(), itertools.repeat(whole()), root)


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteLossError, match="weights must be finite, got others in weight"):
        run(tmp_path, layer(), [whole()], scaled, rate=float("inf"), max_iterations=1)


def test_a_gpu_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers are read one step late, unless they are asked for at once."""
    watch = FiniteWatch(torch.device("cpu"))
    watch._later = True
    monkeypatch.setattr(torch, "empty", lambda shape, **options: torch.zeros(shape))
    event = type("Event", (), {"record": lambda self: None, "synchronize": lambda self: None})
    monkeypatch.setattr(torch.cuda, "Event", event)
    values = [1.0, float("nan"), 1.0]
    steps = [Step(i, 0.1, [], {"loss_a": torch.tensor(v)}, None) for i, v in enumerate(values)]
    found = []
    for step in steps:
        watch.look(step)
        found.append(watch.broken(now=False))
    assert found == [None, None, steps[1]]
    watch.look(steps[1])
    assert watch.broken(now=True) is steps[1]


def test_a_run_goes_back_once_and_only_if_asked(tmp_path: Path, capsys) -> None:
    error = NonFiniteLossError("loss must be finite")
    with pytest.raises(NonFiniteLossError, match=r"goes back to a checkpoint: none is saved yet"):
        check_roll_back(True, tmp_path, NonFiniteLossError("loss must be finite"))
    checkpoint.mark_last(tmp_path, "model_0000004.pth")
    with pytest.raises(NonFiniteLossError):
        check_roll_back(False, tmp_path, error)
    check_roll_back(True, tmp_path, error)
    told = f"SOLVER.ROLL_BACK: once back to {tmp_path}/model_0000004.pth, at half the rate"
    assert told in capsys.readouterr().out
    error.rate_scale = 0.5
    with pytest.raises(NonFiniteLossError, match=r"checkpoint: once, which was not enough"):
        check_roll_back(True, tmp_path, error)


def test_the_tool_ends_with_its_own_code(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def fail(argv):
        raise NonFiniteLossError("loss must be finite, got nan")

    with pytest.raises(SystemExit, match=str(NOT_FINITE)):
        cli.run(fail)
    assert capsys.readouterr().err == "error: loss must be finite, got nan\n"


def test_the_tool_states_its_codes(capsys) -> None:
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOL))["main"](["--help"])
    assert "3 a loss that is not finite, 143 and 130 a stop by SIGTERM" in capsys.readouterr().out


def step(loss: float) -> Step:
    return Step(7, 0.1, [], {"loss_a": torch.tensor(loss)}, torch.tensor(torch.nan))


def test_of_several_processes_the_one_with_the_loss_is_told(tmp_path, monkeypatch) -> None:
    def gather(own):
        return [own, (False, "what rank 1 saw"), (True, "")]

    monkeypatch.setattr(distributed, "gather", gather)
    names = lambda iteration, batches: ["a.jpg"]  # noqa: E731
    told = [
        str(explain(step(loss), tmp_path, layer(), "fp32", names, dict))
        for loss in (1.0, torch.nan)
    ]
    assert told[0] == "what rank 1 saw"
    assert told[1].startswith("loss must be finite, got loss_a nan at iteration 7")


def test_it_is_told_where_the_disk_is_full_too(tmp_path, monkeypatch) -> None:
    def full(*_):
        raise OSError("no room")

    monkeypatch.setattr(checkpoint, "save", full)
    names = lambda iteration, batches: ["a.jpg"]  # noqa: E731
    told = str(explain(step(torch.nan), tmp_path, layer(), "fp32", names, dict))
    assert told.startswith("loss must be finite, got loss_a nan")
    assert told.endswith("images a.jpg are not kept (no room)")
