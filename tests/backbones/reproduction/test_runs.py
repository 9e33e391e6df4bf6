"""Runs collected from folders and from published results."""

import json

import pytest

from backbones.reproduction import runs
from backbones.reproduction.experiments import cifar
from backbones.reproduction.runs import Summary

NETWORK = cifar(20)


def collect(tmp_path, published=None):
    return runs.collect(NETWORK, tmp_path / "runs", published)


def test_every_finished_seed_of_the_network_and_of_no_other(leave_run, tmp_path):
    for seed in (10, 2):
        leave_run("cifar10_resnet20", seed, 8.0 + seed)
    leave_run("cifar10_resnet20-seed", 1, 0)
    leave_run("cifar10_resnet200", 1, 0)
    (leave_run("cifar10_resnet20", 3, 0) / "results.json").unlink()  # interrupted
    found = collect(tmp_path)
    assert [run.values["seed"] for run in found] == [2, 10]
    assert [run.errors("single")["top1_error"] for run in found] == [10.0, 18.0]


def test_curves_and_further_tests(leave_run, tmp_path):
    folder = leave_run("cifar10_resnet20", 1, 8.0)
    runs.add(folder, {"tests": {"10crop": {"top1_error": 7.5}}, "data": "JPEG copies"})
    runs.add(folder, {"tests": {"multiscale": {"top1_error": 7.0}}, "responses": [["a", 0.5]]})
    (run,) = collect(tmp_path)
    assert run.curve("top1_error") == [(32000, 20), (64000, 8.0)]
    assert run.errors("10crop") == {"top1_error": 7.5}
    assert run.errors("multiscale") == {"top1_error": 7.0}
    assert (run.data, run.responses) == ("JPEG copies", [0.5])
    (folder / "metrics.json").unlink()
    assert run.curve("top1_error") == []


def test_published_results_stand_in_where_there_is_no_run(leave_run, tmp_path):
    folder = leave_run("cifar10_resnet20", 1, 8.0)
    runs.publish(collect(tmp_path), tmp_path / "cifar10_resnet20.json")
    (folder / "results.json").unlink()
    assert collect(tmp_path) == []
    (run,) = collect(tmp_path, tmp_path)
    assert run.errors("single")["top1_error"] == 8.0
    assert run.curve("top1_error") == [(32000, 20), (64000, 8.0)]
    leave_run("cifar10_resnet20", 2, 9.0)
    assert [run.values["seed"] for run in collect(tmp_path, tmp_path)] == [2]


def test_one_result_beside_a_config(tmp_path):
    text = '{"metrics": {"top1_error": 9.1}, "iterations": 3000}'
    (tmp_path / "cifar10_resnet20.json").write_text(text)
    (run,) = collect(tmp_path, tmp_path)
    assert run.errors("single") == {"top1_error": 9.1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", r"results\.json:1: file must be JSON, got "),
        ("[]", r"results\.json must be an object with "),
        ('{"metrics": {}}', r"results\.json must be an object with iterations, a number, got"),
    ],
)
def test_a_file_that_is_no_results(leave_run, tmp_path, text, fault):
    (leave_run("cifar10_resnet20", 1, 8.0) / "results.json").write_text(text)
    with pytest.raises(ValueError, match=fault):
        collect(tmp_path)


def test_a_path_may_be_written_in_another_way(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "last", lambda folder: folder / "newest.pth")
    monkeypatch.chdir(tmp_path)
    begun = ["DATASETS.ROOT", "data", "MODEL.WEIGHTS", "runs/a.pth", "SEED", "1"]
    runs.add(tmp_path, {"overrides": begun})
    whole = [str(tmp_path / word) if word in ("data", "runs/a.pth") else word for word in begun]
    runs.check_begun(tmp_path, whole)
    with pytest.raises(ValueError, match=r"must be those it began with, DATASETS.ROOT .*data2"):
        runs.check_begun(tmp_path, ["DATASETS.ROOT", "data2", *begun[2:]])


def test_only_runs_of_one_recipe_stand_in_one_mean(leave_run, tmp_path):
    for seed, iterations in enumerate((3000, 64000, 64000, 64000, 64000), 1):
        leave_run("cifar10_resnet20", seed, 8.0, iterations=iterations)
    folder = tmp_path / "runs" / "cifar10_resnet20-seed"
    runs.add(folder.with_name(f"{folder.name}3"), {"data": "JPEG copies"})
    runs.add(folder.with_name(f"{folder.name}4"), {"overrides": ["SOLVER.BASE_LR", "0.2"]})
    kept = runs.comparable(collect(tmp_path))
    assert [run.values["seed"] for run in kept] == [2, 5]


def test_summary_as_the_paper_prints_it():
    assert str(Summary((6.43,))) == "6.43"
    summary = Summary((6.0, 6.5, 7.0))
    assert (summary.best, summary.mean, summary.std) == (6.0, 6.5, 0.5)  # of the sample
    assert str(summary) == "6.00 (6.50±0.50)"


def test_conditions_say_what_is_not_as_in_the_paper(leave_run, tmp_path):
    assert runs.conditions([], "CIFAR-10") == ""
    folder = leave_run("cifar10_resnet20", 1, 8.0)
    usual = "64k iterations, 1 run, a GPU, torch 2.11.0"
    assert runs.conditions(collect(tmp_path), "CIFAR-10") == usual
    runs.add(folder, {"data": "JPEG copies", "overrides": ["SOLVER.BASE_LR", "0.2"]})
    leave_run("cifar10_resnet20", 2, 8.0, num_images={"test": 20}, hardware="a CPU")
    assert runs.conditions(collect(tmp_path), "CIFAR-10") == (
        "64k iterations, 2 runs, a GPU, a CPU, torch 2.11.0, JPEG copies, "
        "20 test images of 10 classes, SOLVER.BASE_LR 0.2"
    )


def test_runs_of_any_release_stand_in_one_line(leave_run, tmp_path):
    leave_run("cifar10_resnet20", 1, 8.0)
    folder = leave_run("cifar10_resnet20", 2, 9.0)
    values = json.loads((folder / "results.json").read_text())
    del values["hardware"]
    environment = {"cpu": "a CPU", "packages": values.pop("versions")}
    values |= {"device": "cpu", "environment": environment}
    (folder / "results.json").write_text(json.dumps(values))
    told = "64k iterations, 2 runs, a GPU, a CPU, torch 2.11.0"
    assert runs.conditions(collect(tmp_path), "CIFAR-10") == told
