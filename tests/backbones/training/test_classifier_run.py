"""What changes while a classifier trains, of stand-ins."""

from types import SimpleNamespace

import pytest
from torch import nn

from backbones.training import classifier_run
from backbones.training.classifier_run import Care, ClassifierRun
from backbones.training.progress import Progress


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of ten images; what it would write and log."""
    images = type("Images", (), {"name": lambda self, i: f"{i}.png", "__len__": lambda self: 10})()
    written, logged = [], []
    monkeypatch.setattr(classifier_run, "write_best", lambda *a: written.append(a[-2:]))
    return ClassifierRun(
        task=SimpleNamespace(model=nn.Identity(), splits={"train": images, "test": images}),
        batches=SimpleNamespace(once=lambda split: split, repetitions=1),
        normalize=None,
        learner=None,
        average=None,
        progress=Progress(),
        settings=SimpleNamespace(
            evaluation_period=2,
            images_per_iteration=4,
            start_iteration=0,
            evaluates=lambda done: done % 2 == 0,
        ),
        care=Care(0, 0, 3, {}),
        seed=1,
        device=None,
        log=SimpleNamespace(
            directory=tmp_path, scalars=lambda *a: logged.append(a), written=written, logged=logged
        ),
    )


@pytest.fixture
def errors(monkeypatch):
    """`errors(test=5.0, ...)`: what each split is measured with from now on."""

    def be(**by_split):
        monkeypatch.setattr(
            classifier_run,
            "evaluate_one_crop",
            lambda model, split, normalize: {"top1_error": by_split[split]},
        )

    return be


def test_the_lowest_error_is_kept(run, errors):
    for done, error in ((2, 9.0), (4, 9.0), (6, 8.0)):
        errors(test=error)
        assert run.evaluate(done) == {"top1_error": error}
    assert run.progress.evaluation == [(2, 9.0), (4, 9.0), (6, 8.0)]
    assert [done for done, _ in run.log.written] == [2, 6]


def test_held_out_images_are_watched_rather_than_those_of_the_test(run, errors):
    run.task.splits["validation"] = run.task.splits["test"]
    errors(test=5.0, validation=7.0)
    assert run.evaluate(2) == {"top1_error": 5.0, "validation_top1_error": 7.0}
    assert run.progress.evaluation == [(2, 7.0)]


def test_an_average_is_what_is_measured_and_moves_with_each_step(run):
    assert run.tested_model is run.task.model
    updated = []
    run.average = SimpleNamespace(model=nn.Identity(), update=updated.append)
    assert run.tested_model is run.average.model
    run.after_step(3)
    assert updated == [3]


def test_an_evaluation_that_was_cut_off_is_made_up_for_and_logged_once(run, errors, monkeypatch):
    errors(test=5.0)
    run.measure_what_was_cut_off()  # nothing was done yet
    run.settings.start_iteration = 3
    run.measure_what_was_cut_off()  # none was due
    assert run.progress.evaluation == []
    run.settings.start_iteration = 4
    run.measure_what_was_cut_off()
    assert run.log.logged == [(3, {"top1_error": 5.0})]
    run.measure_what_was_cut_off()  # it is known
    assert len(run.progress.evaluation) == 1
    run.progress.evaluation.clear()
    monkeypatch.setattr(classifier_run, "has_evaluation", lambda directory, done: True)
    run.measure_what_was_cut_off()
    assert len(run.log.logged) == len(run.progress.evaluation) == 1


def test_images_are_named_in_the_order_they_were_drawn(run):
    batches = [(None, [0] * 4)]
    orders = [classifier_run.epoch_order(1, epoch, 10) for epoch in (0, 1)]
    assert run.image_ids(1, batches) == [f"{i}.png" for i in orders[0][4:8]]
    crossing = [*orders[0][8:], *orders[1][:2]]
    assert run.image_ids(2, batches) == [f"{i}.png" for i in crossing]
    run.batches.repetitions = 2
    twice = [i for i in orders[0][:2] for _ in range(2)]
    assert run.image_ids(0, batches) == [f"{i}.png" for i in twice]
