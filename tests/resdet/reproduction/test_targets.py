"""What each target takes, and that each has someone who measures it."""

from __future__ import annotations

import csv
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from backbones.training.results import RESULTS
from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, refusal, reproduce, spans, takers


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_has_a_module_that_reproduces(name: str) -> None:
    assert callable(import_module(TARGETS[name].module).reproduce)
    scales = TARGETS[name].scales
    assert all(refusal(Request(name, Path(), scale=scale)) is None for scale in scales)


def test_what_a_target_does_not_take_is_named() -> None:
    assert refusal(Request("table12", Path(), only=["x"])) == (
        "table12 takes no --only, only --output, --scale, --data"
    )
    assert refusal(Request("fig2", data=Path())) == "fig2 takes no --data, only --output, --scale"
    assert (
        refusal(Request("table2", Path(), Path(), only=["x"], overrides=["VERSION", "2"])) is None
    )
    assert refusal(Request("table1", Path(), scale="small")) == (
        "--scale must be smoke or full for table1, got small"
    )
    of_seeds = refusal(Request("table9", Path(), seeds=2))
    assert of_seeds == (
        "table9 takes no --seeds with --scale full, only --output, --scale, --data, --only, "
        "--publish, KEY VALUE"
    )
    assert refusal(Request("table9", Path(), Path("demo"), "small", seeds=2)) is None
    assert "no --only with" in str(refusal(Request("table9", scale="small", only=["x"])))
    assert "no --publish with" in str(refusal(Request("table10", scale="small", publish=True)))
    assert "is a trial" in str(refusal(Request("fig1", Path(), scale="smoke", publish=True)))


@pytest.mark.parametrize("words", [{"seeds": 2}, {"overrides": ["VERSION", "2"]}])
def test_what_is_for_training_goes_with_data(words: dict[str, Any]) -> None:
    told = "must be with --data, got none: without data nothing is trained"
    assert told in str(refusal(Request("table7", **words)))
    assert refusal(Request("table7", scale="smoke", **words)) is None
    assert refusal(Request("table7", data=Path("data"), **words)) is None


def test_what_a_run_sets_itself_is_no_key_of_the_user() -> None:
    for key, option in (
        ("SEED", "--seeds"),
        ("OUTPUT_DIR", "--output"),
        ("DATASETS.ROOT", "--data"),
    ):
        told = refusal(Request("table10", data=Path("data"), overrides=["VERSION", "2", key, "1"]))
        assert told == f"KEY VALUE must be without {key}, which {option} sets; leave it out"


def test_neighbours_are_one_span() -> None:
    names = ["table9", "table10", "table12", "fig1", "fig2"]
    assert spans(names) == "table9 to table10, table12, fig1 to fig2"
    assert takers("seeds").endswith("; small: table9")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_each_target_runs_at_smoke_scale_without_data(name: str, output: Path) -> None:
    request = Request(name, output, scale="smoke")
    sheet, paths = reproduce(request)
    assert all(path.is_file() for path in paths)
    assert len(list(csv.DictReader((output / "smoke" / f"{name}.csv").open()))) == len(
        sheet.records
    )
    assert any(sheet.measured) or name == "table11"  # which its server measures
    results = {path: path.stat().st_mtime_ns for path in (output / "smoke").rglob(RESULTS)}
    assert reproduce(request)[0] == sheet
    assert all(path.stat().st_mtime_ns == before for path, before in results.items())
