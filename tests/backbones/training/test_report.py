"""What a classifier's run tells and leaves, of stand-ins."""

import json
from types import SimpleNamespace

import pytest
import torch

import backbones
from backbones.config import load_classification
from backbones.training import report
from backbones.training.learning_curve import CURVE
from backbones.training.report import finished_results, introduce, write_best, write_final
from backbones.weights.checkpoint import Preprocessing, load_backbone, mark_last

CPU = torch.device("cpu")
RECIPE = {"MODEL": {"NAME": "cifar_resnet8"}}


@pytest.fixture
def task():
    return SimpleNamespace(
        model=backbones.create("cifar_resnet8", num_classes=2),
        splits={"train": range(5), "test": range(3)},
        class_names=("a", "b"),
        preprocessing=Preprocessing("RGB", 1.0, (0.0,) * 3, (1.0,) * 3, ("a", "b")),
        notes=("a note",),
    )


def cfg(iterations=5):
    return load_classification("cifar10_resnet20", ["SOLVER.MAX_ITER", str(iterations)])


def test_a_run_is_finished_by_as_many_iterations_as_are_asked_for(tmp_path, monkeypatch):
    def done(iteration):
        monkeypatch.setattr(report, "read_state", lambda path: SimpleNamespace(iteration=iteration))

    done(5)
    assert finished_results(cfg(), tmp_path) is None
    mark_last(tmp_path, "state.pth")
    (tmp_path / "state.pth").touch()
    assert finished_results(cfg(), tmp_path) is None
    (tmp_path / report.RESULTS).write_text('{"iterations": 5}')
    assert finished_results(cfg(), tmp_path) == {"iterations": 5}
    assert finished_results(cfg(6), tmp_path) is None
    done(7)  # the results are those of a shorter run
    assert finished_results(cfg(), tmp_path) is None
    done(5)
    for broken in ("{", "{}", "[]"):
        (tmp_path / report.RESULTS).write_text(broken)
        assert finished_results(cfg(), tmp_path) is None


def test_a_run_says_what_it_trains_on_what(task, tmp_path):
    told = []
    introduce(cfg(), task, CPU, 3, 2, tmp_path, SimpleNamespace(info=told.append))
    assert told[0].startswith("cifar_resnet")
    assert told[0].endswith(" M parameters on cpu, seed 3")
    assert told[1] == "images of 2 classes: 5 train, 3 test"
    assert told[-2:] == ["a note", "resuming after 2 of 5 iterations"]
    assert "MAX_ITER: 5" in (tmp_path / "config.yaml").read_text()
    introduce(cfg(), task, CPU, 3, 0, tmp_path, SimpleNamespace(info=told.append))
    assert told[-1] == "a note"


def test_the_network_is_kept_with_its_recipe_and_what_it_reached(task, tmp_path):
    lines = [{"iteration": i, "total_loss": 1.0, "train_error": 50.0, "lr": 0.1} for i in range(3)]
    (tmp_path / "metrics.json").write_text("\n".join(map(json.dumps, lines)))
    write_best(RECIPE, tmp_path, task, task.model, 4, {"top1_error": 7.0})
    best = load_backbone(tmp_path / report.BEST)
    assert best.meta == {"iterations": 4, "metrics": {"top1_error": 7.0}}
    assert (best.recipe, best.preprocessing) == (RECIPE, task.preprocessing)
    results = {"iterations": 5, "metrics": {}}
    write_final(RECIPE, tmp_path, task, task.model, results)
    assert load_backbone(tmp_path / report.FINAL).meta == results
    assert json.loads((tmp_path / report.RESULTS).read_text()) == results
    assert (tmp_path / CURVE).is_file()
