"""What is trained and tested for a row, and what is not done again; without training."""

from dataclasses import replace

import pytest

from backbones.reproduction import measure, runs
from backbones.reproduction.experiments import (
    EXPERIMENTS,
    SMOKE,
    SMOKE_MEMBERS,
    cifar,
    find_rows,
)
from backbones.reproduction.measure import Plan, make_plan, measure_row, train_network

KEYS = {"SOLVER.BASE_LR": "0.2", "MODEL.DEVICE": "cpu"}


@pytest.fixture
def plan(tmp_path):
    told = tuple(text for pair in KEYS.items() for text in pair)
    return Plan(tmp_path / "data", "JPEG copies", tmp_path / "runs", 2, KEYS, told)


@pytest.fixture
def trained(monkeypatch):
    """Configs of the trainings that would have been."""
    seen = []
    monkeypatch.setattr(measure, "train_classifier", lambda *a, **k: seen.append((*a, k)))
    return seen


def test_a_run_is_trained_by_the_keys_and_the_seed(plan, trained):
    folder = train_network(cifar(20), 3, plan)
    ((cfg, output, options),) = trained
    assert output == folder == plan.runs / "cifar10_resnet20-seed3"
    assert (cfg.SEED, cfg.SOLVER.BASE_LR) == (3, 0.2)
    assert str(plan.data) == cfg.DATASETS.ROOT
    assert options == {"resume": False}
    assert runs.overrides(folder) == list(plan.told)


def test_what_is_finished_is_not_trained_again(plan, trained, leave_run, monkeypatch, capsys):
    leave_run("cifar10_resnet20", 1, 8.0)
    monkeypatch.setattr(measure, "finished_results", lambda cfg, folder: {})
    folder = train_network(cifar(20), 1, plan)
    assert trained == []
    assert capsys.readouterr().out == f"{folder} is finished already\n"
    assert runs.read_run(folder).data == "JPEG copies"


def test_a_run_goes_on_by_the_keys_it_began_with(plan, trained, monkeypatch):
    folder = train_network(cifar(20), 1, plan)
    for module in (measure, runs):
        monkeypatch.setattr(module, "last", lambda folder: folder / "newest.pth")
    longer = ("SOLVER.MAX_ITER", "9", *plan.told)
    train_network(cifar(20), 1, Plan(plan.data, "", plan.runs, 1, KEYS, longer))
    assert trained[-1][-1] == {"resume": True}
    with pytest.raises(ValueError, match=r"must be those it began with, .* got none; give these"):
        train_network(cifar(20), 1, Plan(plan.data, "", plan.runs, 1, {}, ()))
    other = {**KEYS, "SOLVER.BASE_LR": "0.3"}
    told = tuple(text for pair in other.items() for text in pair)
    with pytest.raises(ValueError, match=r"with, SOLVER.BASE_LR 0.2, got SOLVER.BASE_LR 0.3; give"):
        train_network(cifar(20), 1, Plan(plan.data, "", plan.runs, 1, other, told))
    assert len(trained) == 2
    assert folder.is_dir()


def test_a_run_that_another_process_trains_keeps_its_keys(plan, trained, monkeypatch):
    def taken(folder):
        raise OSError(f"{folder} is taken")

    folder = train_network(cifar(20), 1, plan)
    monkeypatch.setattr("backbones.training.alone.held", taken)
    with pytest.raises(OSError, match="is taken"):
        train_network(cifar(20), 1, replace(plan, told=("SOLVER.BASE_LR", "0.3")))
    assert runs.overrides(folder) == list(plan.told)


def test_every_seed_of_a_row_is_tested_once(plan, leave_run, monkeypatch):
    (row,) = find_rows(EXPERIMENTS["table3"].rows, ["ResNet-50"])
    tested = []
    monkeypatch.setattr(
        measure, "train_network", lambda n, seed, _: runs.run_folder(n, plan.runs, seed)
    )
    monkeypatch.setattr(
        measure, "_test", lambda folders, test, _: tested.append(test) or {"top1_error": 5.0}
    )
    folders = [leave_run(row.network.name, seed, 24.0) for seed in (1, 2)]
    for _ in range(2):
        measure_row(EXPERIMENTS["table3"], row, plan)
    assert tested == ["10crop"] * 2
    assert [runs.read_run(f).errors("10crop") for f in folders] == [{"top1_error": 5.0}] * 2


def test_an_ensemble_has_results_under_its_own_name(plan, leave_run, monkeypatch):
    *_, row = EXPERIMENTS["table5"].rows
    for network, seed in row.members:
        leave_run(network.name, seed, 20.0)
    monkeypatch.setattr(
        measure, "train_network", lambda n, seed, _: runs.run_folder(n, plan.runs, seed)
    )
    monkeypatch.setattr(measure, "_test", lambda folders, *_: {"top5_error": len(folders)})
    for _ in range(2):
        measure_row(EXPERIMENTS["table5"], row, plan)
    (run,) = runs.collect(row.network, plan.runs, None)
    assert run.errors("multiscale") == {"top5_error": 6}
    assert run.values["members"][-1] == "imagenet_resnet152-seed2"
    assert (run.iterations, run.data) == (64000, "JPEG copies")


def test_of_an_ensemble_a_smoke_trains_a_few(plan, leave_run, monkeypatch):
    row, *_ = EXPERIMENTS["table5"].rows
    for network, seed in row.members[:2]:
        leave_run(network.name, seed, 20.0)
    monkeypatch.setattr(
        measure, "train_network", lambda n, seed, _: runs.run_folder(n, plan.runs, seed)
    )
    monkeypatch.setattr(measure, "_test", lambda folders, *_: {"top5_error": len(folders)})
    measure_row(EXPERIMENTS["table5"], row, replace(plan, members=2))
    (run,) = runs.collect(row.network, plan.runs, None)
    assert run.errors("multiscale") == {"top5_error": 2}
    assert run.values["members"] == ["imagenet_googlenet-seed1", "imagenet_googlenet-seed2"]


def test_a_smoke_has_its_keys_and_copies_and_yields_to_those_given(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "_kind", lambda *_: "")
    monkeypatch.setattr(measure, "copy_few", lambda data, to: to)
    given = ["SOLVER.MAX_ITER", "2"]
    experiment = EXPERIMENTS["fig1"]
    plan = make_plan(experiment, tmp_path / "d", tmp_path / "out", 1, given, smoke=True)
    assert plan.keys == {**SMOKE["CIFAR-10"], "SOLVER.MAX_ITER": "2"}
    assert plan.members == SMOKE_MEMBERS
    assert (plan.data, plan.told) == (tmp_path / "out" / "data", tuple(given))
    plan = make_plan(experiment, tmp_path / "d", tmp_path / "out", 1, given, smoke=False)
    assert (plan.data, plan.keys) == (tmp_path / "d", {"SOLVER.MAX_ITER": "2"})
    assert plan.members is None
    with pytest.raises(ValueError, match="overrides must be KEY VALUE pairs, got 'SEED'"):
        make_plan(experiment, tmp_path, tmp_path, 1, ["SEED"], smoke=False)
