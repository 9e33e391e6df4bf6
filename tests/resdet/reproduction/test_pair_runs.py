"""What a finished run measured by either table's rules, once."""

from __future__ import annotations

import json

import pytest

from backbones.reproduction import runs
from resdet.reproduction import pair_runs
from resdet.reproduction.pair_runs import Run


def values(measured):
    return {measure.name: value for measure, value in measured.measured.values.items()}


def test_one_run_is_measured_by_the_rules_of_both(finished_run):
    run = finished_run("own_r18")
    assert values(run.measure("voc"))["mAP@0.50"] == 1
    coco = run.measure("coco")
    assert values(coco)["AP"] == pytest.approx(1)
    assert coco.result["config"] == "own_r18"
    assert coco.record is not None


def test_what_is_measured_is_measured_again_only_after_more_iterations(finished_run, monkeypatch):
    run = finished_run("own_r18", missed=2)
    first = run.measure("voc")
    scored = []

    def score(dataset, found):
        scored.append(found)
        return pair_runs._score_voc(dataset, found)

    monkeypatch.setitem(pair_runs._SCORES, "voc", score)
    assert run.measure("voc").result == first.result
    assert scored == []
    file = run.folder / "results.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "iterations": 8}))
    assert run.measure("voc").result["iterations"] == 8
    assert len(scored) == 1


@pytest.mark.parametrize(
    ("file", "content"),
    [("voc.json", ""), ("voc.json", "{}"), ("voc.matches.npz", "cut"), ("voc.matches.npz", None)],
)
def test_what_is_damaged_is_measured_again(finished_run, file, content):
    run = finished_run("own_r18", missed=2)
    first = run.measure("voc")
    (run.folder / file).unlink()
    if content is not None:
        (run.folder / file).write_text(content)
    again = run.measure("voc")
    assert again.result == first.result
    assert again.record is not None


def test_keys_of_the_config_are_checked_before_the_folder_is_made(tmp_path):
    with pytest.raises(ValueError, match="SOLVER.BASE_LR"):
        Run("own_r18", tmp_path / "run", ["SOLVER.BASE_LR", "-1"]).train()
    assert not (tmp_path / "run").exists()


def test_a_run_that_another_process_trains_keeps_its_keys(tmp_path, monkeypatch):
    def taken(folder):
        raise OSError(f"{folder} is taken")

    runs.add(tmp_path, {"overrides": ["SEED", "1"]})
    monkeypatch.setattr("backbones.training.alone.held", taken)
    with pytest.raises(OSError, match="is taken"):
        Run("voc0712_r101", tmp_path, ["SEED", "2"]).train()
    assert runs.overrides(tmp_path) == ["SEED", "1"]
