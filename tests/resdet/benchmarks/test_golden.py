"""Both engines against what detectron2 gave when tools/make_golden.py last ran."""

from __future__ import annotations

import copy
import importlib.util
import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from resdet import engines
from resdet.benchmarks import golden

FOLDER = Path(__file__).resolve().parents[2] / "golden"
ENGINES = ["tv", pytest.param("d2", marks=pytest.mark.detectron2)]


@cache
def stored(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@cache
def measured(name: str, engine: str) -> dict[str, Any]:
    if engine == "d2" and not importlib.util.find_spec("detectron2"):
        pytest.skip("detectron2 is not importable")
    return golden.measure(golden.CASES[name], engines.load(engine))


def test_every_case_has_a_small_file() -> None:
    files = {path.stem: path for path in FOLDER.glob("*.json") if path.stem != "evaluators"}
    assert set(files) == set(golden.CASES)
    for name, path in files.items():
        assert path.stat().st_size < 20_000
        made_with = stored(name)["made_with"]
        assert made_with["command"] == "python tools/make_golden.py"
        assert all(made_with[k] for k in ("detectron2", "detectron2_commit", "torch"))


@pytest.mark.parametrize("name", golden.CASES)
def test_a_file_is_of_the_case_as_it_stands(name: str) -> None:
    file, case = stored(name), golden.CASES[name]
    assert file["settings"] == json.loads(json.dumps(case.settings))
    assert file["seed"] == case.seed
    assert file["images"] == [[i.height, i.width, i.boxes] for i in case.images]
    inputs = measured(name, "tv")["inputs"]
    assert inputs["batch"] == file["inputs"]["batch"]
    assert inputs["weights"] == pytest.approx(file["inputs"]["weights"], rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", golden.CASES)
def test_an_engine_gives_detectron2s_numbers(name: str, engine: str) -> None:
    far = golden.differences(stored(name), measured(name, engine))
    assert {what: far[what] for what in far if far[what] > golden.TOLERANCES[what]} == {}


@pytest.mark.parametrize("name", golden.CASES)
def test_the_numbers_say_something(name: str) -> None:
    file = stored(name)
    assert 0 in [count for *_, count in file["images"]]  # an image without boxes
    for found in file["detections"]:
        assert len(found["scores"]) >= 20
        assert 0.02 < max(found["scores"]) < 0.99  # no end of softmax
        assert len(set(found["scores"])) == len(found["scores"])
        assert len(set(found["labels"])) >= 3
    assert set(file["losses"]) == {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg"}
    assert all(value > 1e-5 for value in file["losses"].values())


def test_the_formula_is_the_same_everywhere() -> None:
    # the first words that PCG64 gives for the seed (1, 2), which never change
    expected = [0.286521315574646, -0.10316979885101318, 0.8768186569213867]
    assert golden.uniform(3, 1, 2).tolist() == expected
    weights = golden.formula_weights({"a.weight": torch.empty(4, 64), "b": torch.empty(8)}, 0)
    assert weights["a.weight"].sum(1).abs().max() < 1e-5
    assert weights["a.weight"].std() == pytest.approx(2.7 / math.sqrt(3 * 64), rel=0.1)
    again = golden.formula_weights({"b": torch.empty(8)}, 0)["b"]
    assert torch.equal(weights["b"], again)


def move_a_box(numbers: dict[str, Any]) -> None:
    numbers["detections"][0]["boxes"][3][2] += 0.01


def move_a_score(numbers: dict[str, Any]) -> None:
    numbers["detections"][1]["scores"][0] += 0.001


def rename_a_label(numbers: dict[str, Any]) -> None:
    labels = numbers["detections"][2]["labels"]
    labels[4] = (labels[4] + 1) % 5


def drop_a_detection(numbers: dict[str, Any]) -> None:
    for column in numbers["detections"][0].values():
        column.pop()


def repeat_a_detection(numbers: dict[str, Any]) -> None:
    for column in numbers["detections"][0].values():
        column[1] = column[0]


def move_a_proposal(numbers: dict[str, Any]) -> None:
    numbers["proposals"][1][0][0] += 0.01


def grow_a_loss(numbers: dict[str, Any]) -> None:
    numbers["losses"]["loss_rpn_loc"] *= 1.001


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (move_a_box, {"boxes"}),
        (move_a_score, {"scores"}),
        (rename_a_label, {"boxes", "scores"}),
        (drop_a_detection, {"boxes", "scores"}),
        (repeat_a_detection, {"boxes", "scores"}),
        (move_a_proposal, {"proposals"}),
        (grow_a_loss, {"losses"}),
    ],
)
def test_differences_are_seen(change: Callable[[dict[str, Any]], None], seen: set[str]) -> None:
    numbers = copy.deepcopy(stored("c4"))
    assert not any(golden.differences(stored("c4"), numbers).values())
    change(numbers)
    far = golden.differences(stored("c4"), numbers)
    assert {what for what in far if far[what] > golden.TOLERANCES[what]} == seen


def test_a_case_that_rounding_moves_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "ROUNDING", 1e-2)
    with pytest.raises(ValueError, match="seed must give numbers that rounding leaves alone, got"):
        golden.record(golden.CASES["vgg"], engines.load("tv"))
