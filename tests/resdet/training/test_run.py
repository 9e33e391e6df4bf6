"""What changes while a detector trains, of stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import BEST, FINAL, DetectorCheckpoint
from resdet.training import run as module
from resdet.training.best import Best
from resdet.training.run import CHECKPOINTS, DetectorRun, read_to_resume

ONE_CLASS = ("MODEL.ROI_HEADS.NUM_CLASSES", "1")


@pytest.fixture
def told() -> list[str]:
    """What the run says."""
    return []


@pytest.fixture
def run(small_config: Callable, tmp_path: Path, told: list[str]) -> DetectorRun:
    """A run of six iterations of a model of one layer, evaluated each second."""
    model = nn.Linear(1, 1)
    engine = SimpleNamespace(canonical_state=lambda model: dict(model.state_dict()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    learner = SimpleNamespace(optimizer=optimizer, scaler=torch.amp.GradScaler(enabled=False))
    data = SimpleNamespace(name="mine", kind="coco", judged_by="objects")
    return DetectorRun(
        detector=SimpleNamespace(model=model, engine=engine),
        begun=DetectorCheckpoint({}, small_config(*ONE_CLASS), ("a",), "tv", 0, {}),
        learner=learner,
        settings=SimpleNamespace(
            max_iterations=6, rate_scale=0.5, evaluates=lambda done: done % 2 == 0
        ),
        tests=[data],
        log=SimpleNamespace(directory=tmp_path, info=told.append),
        best=Best(patience=2),
        seed=3,
        started=0.0,
        num_pictures=0,
        keep=2,
    )


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> Callable[[float | None], None]:
    """`scores(ap)`: what the test set is measured with from now on; None: in another process."""

    def be(ap: float | None) -> None:
        found = {} if ap is None else {"mine": {"AP": ap}}
        monkeypatch.setattr(module, "evaluate", lambda *a: found)

    return be


def test_the_best_weights_are_kept_with_their_score(
    run: DetectorRun, scores: Callable[[float | None], None]
) -> None:
    for done, ap in ((2, 0.25), (4, 0.25), (6, 0.125)):
        scores(ap)
        assert run.evaluate(done) == {"mine/AP": ap}
    best = checkpoint.load(run.directory / BEST)
    assert (best.iteration, best.training) == (2, {"seed": 3, "score": 0.25})
    scores(None)
    assert run.evaluate(8) == {}


def test_a_run_goes_on_with_optimizer_seconds_and_best(
    run: DetectorRun, scores: Callable[[float | None], None]
) -> None:
    scores(0.25)
    run.evaluate(2)
    run.detector.model(torch.ones(1, 1)).sum().backward()
    run.learner.optimizer.step()
    run.save(2)
    saved = read_to_resume(run.directory / CHECKPOINTS.name(2))
    assert saved.training["rate_scale"] == 0.5
    run.best, run.seconds_before = Best(), 0.0
    momenta = run.learner.optimizer.state_dict()["state"]
    run.learner.optimizer.state.clear()
    assert run.resume(saved) == ""
    assert (run.best.score, run.best.iteration) == (0.25, 2)
    assert run.seconds_before == saved.training["seconds"] > 0
    found = run.learner.optimizer.state_dict()["state"]
    assert torch.equal(found[0]["momentum_buffer"], momenta[0]["momentum_buffer"])
    (run.directory / BEST).write_bytes(b"half")
    assert run.resume(saved).startswith("the best so far is not known: ")


def test_the_newest_are_kept_and_the_last_is_final(run: DetectorRun) -> None:
    for done in (2, 3, 4, 6):
        run.save(done)
    names = sorted(path.name for path in run.directory.glob("*.pth"))
    assert names == [CHECKPOINTS.name(4), FINAL]
    with pytest.raises(ValueError, match=r"must hold a run to go on with, got weights only; give "):
        read_to_resume(store(run, "weights.pth"))


def store(run: DetectorRun, name: str) -> Path:
    checkpoint.save(run.directory / name, replace(run.begun, model={"w": torch.ones(1)}))
    return run.directory / name


def test_an_evaluation_is_owed_where_it_was_due_and_not_logged(
    run: DetectorRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.owes_evaluation(2)
    assert not run.owes_evaluation(3)
    monkeypatch.setattr(module, "has_evaluation", lambda directory, done: True)
    assert not run.owes_evaluation(2)
    run.tests = []
    assert not run.owes_evaluation(4)


def test_images_are_named(run: DetectorRun) -> None:
    batches = [[{"image_id": "a"}, {"image_id": 7}], [{"image_id": "b"}]]
    assert run.image_ids(0, batches) == ["a", 7, "b"]


def test_each_evaluation_is_a_line_and_the_end_names_best_and_last(
    run: DetectorRun, scores: Callable[[float | None], None], told: list[str]
) -> None:
    for done, ap in ((2, 0.25), (4, 0.5), (6, 0.125)):
        scores(ap)
        run.evaluate(done)
    assert told == [
        "iteration 2: AP 25.0 on mine, best 25.0 at 2",
        "iteration 4: AP 50.0 on mine, best 50.0 at 4",
        "iteration 6: AP 12.5 on mine, best 50.0 at 4",
    ]
    best, last, remark = run.told(6)
    assert (best, last) == (
        f"best     AP 50.0 at 4: {run.directory / 'model_best.pth'}",
        f"last     AP 12.5 at 6: {run.directory / 'model_final.pth'}",
    )
    assert "chosen on mine" in remark


def test_a_run_without_anything_to_measure_says_nothing_of_a_best(run: DetectorRun) -> None:
    run.tests = []
    assert run.told(6) == []


def test_patience_ends_a_run_and_outlives_its_resuming(
    run: DetectorRun, scores: Callable[[float | None], None]
) -> None:
    for done, ap in ((2, 0.5), (4, 0.25)):
        scores(ap)
        run.evaluate(done)
        assert not run.is_over()
    run.save(4)
    run.best.waited = 0
    run.resume(read_to_resume(run.directory / CHECKPOINTS.name(4)))
    run.evaluate(6)
    assert run.is_over()
    assert "ended early: none better in 2 evaluations (SOLVER.PATIENCE)" in run.told(6)
    run.save(5, final=True)
    assert (run.directory / FINAL).is_file()
