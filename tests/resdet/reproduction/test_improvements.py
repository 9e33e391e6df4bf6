"""Tables 9 to 11: a smoke of each, what is missing, what is not taken."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from resdet import config
from resdet.commands import reproduce as command
from resdet.reproduction import improvements
from resdet.reproduction.improved_rows import TABLES
from resdet.reproduction.request import Request

ROW = "baseline, ResNet-101, 07++12"


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open() as file:
        return {line["row"]: line for line in csv.DictReader(file)}


@pytest.mark.slow
def test_a_smoke_measures_every_row(tmp_path: Path) -> None:
    for target in TABLES:
        assert command.main([target, "--scale", "smoke", "--output", str(tmp_path)]) == 0
    folder = tmp_path / "smoke"
    coco, voc = read(folder / "table9.csv"), read(folder / "table10.csv")
    known = [label for label, line in coco.items() if line["val, mAP@.5"]]
    assert known == list(coco)[:-1]
    assert all(line["mAP"] for line in voc.values())
    assert len(list(folder.glob("runs/*/comp4.tar.gz"))) == len(TABLES["table11"].rows)
    assert "[smoke]" in (folder / "table11.md").read_text()


def test_a_row_goes_to_the_server_and_is_not_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["table11", "--scale", "smoke", "--only", ROW, "--output", str(tmp_path)]
    command.main([*words, "SOLVER.MAX_ITER", "1"])
    told = capsys.readouterr().out
    sent = tmp_path / "smoke" / "runs" / "voc07pp12_r101-seed1" / "comp4.tar.gz"
    assert sent.is_file()
    assert f"send it {sent}, write what it answers" in told
    assert "Of the rows asked for, set by hand: SOLVER.MAX_ITER 1." in told
    assert read(tmp_path / "smoke" / "table11.csv")[ROW]["mAP"] == ""
    sent.with_name("server.json").write_text('{"mAP": 73.8}')
    command.main(words)
    again = capsys.readouterr().out
    assert "starting" not in again
    assert "send it" not in again
    assert read(tmp_path / "smoke" / "table11.csv")[ROW]["mAP"] == "73.8"
    with pytest.raises(ValueError, match="must be those it began with, none, got SOLVER.BASE_LR 7"):
        command.main([*words, "SOLVER.BASE_LR", "7"])


def test_without_data_the_paper_stands_alone(tmp_path: Path) -> None:
    command.main(["table10", "--output", str(tmp_path)])
    text = (tmp_path / "table10.md").read_text().splitlines()
    assert text[-6].startswith("| baseline, VGG-16, 07+12 | paper | 73.2 | 76.5 |")
    assert text[-5] == f"|  | ours |{'  |' * 21} voc0712_vgg16 |"
    assert (tmp_path / "table10.png").is_file()


def test_what_was_measured_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CONFIG_FOLDER", tmp_path / "configs")
    run = tmp_path / "tests" / "coco2014_r101-refine"
    run.mkdir(parents=True)
    results = {"metrics": {"coco": {"AP": 0.3, "AP50": 0.5}}}
    (run / "results.json").write_text(json.dumps(results))
    sheet = improvements.reproduce(Request("table9", tmp_path, publish=True))
    published = tmp_path / "configs" / "coco2014_r101-refine.json"
    assert json.loads(published.read_text()) == results
    assert published in sheet.files
    elsewhere = improvements.reproduce(Request("table9", tmp_path / "other"))
    assert list(elsewhere.rows[5][2:4]) == ["50.0", "30.0"]


def test_own_data_have_the_steps_of_small_networks(
    shapes_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    monkeypatch.setattr(
        improvements.Bench, "measure", lambda _, system: measured.append(system.name)
    )
    request = Request("table10", tmp_path, shapes_root, scale="small", only=["+CONTEXT"])
    sheet = improvements.reproduce(request)
    assert measured == ["own_r18_context"]
    assert sheet.header[2:] == [
        "mAP",
        "circle",
        "square",
        "triangle",
        "star",
        "cross",
        "ring",
        "run",
    ]
    assert [row[1] for row in sheet.rows] == ["ours"] * 5
    assert sheet.title.endswith("[small]")
    papers = improvements.reproduce(replace(request, data=None, only=[])).rows
    assert list(papers[0][:3]) == ["baseline, VGG-16, 07+12", "paper", "73.2"]


def test_own_data_are_shown_without_data(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    for name in ("photos", "films"):
        run = folder / "runs" / name / "own_r18-seed1"
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(
            config.load("own_r18", ["DATASETS.CLASSES", "['cat']"]).dump()
        )
        rule = {"mAP": {"0.50": 0.5}, "per_class": {"cat": {"0.50": 0.5}}}
        (run / "results.json").write_text(json.dumps({"metrics": {"test": {"area": rule}}}))
        if name == "photos":
            sheet = improvements.reproduce(Request("table10", tmp_path, scale="small"))
            assert sheet.header[2:4] == ["mAP", "cat"]
            assert sheet.rows[1][:4] == ["baseline, ResNet-18", "ours", "50.0", "50.0"]
    with pytest.raises(ValueError, match="--data must say which data is meant, .* films, photos"):
        improvements.reproduce(Request("table10", tmp_path, scale="small"))


@pytest.mark.slow
def test_own_data_are_measured(shapes_root: Path, tmp_path: Path) -> None:
    few = ["SOLVER.MAX_ITER", "4", "DATALOADER.NUM_WORKERS", "0"]
    request = Request("table10", tmp_path, shapes_root, scale="small", overrides=few)
    sheet = improvements.reproduce(request)
    assert all(row[2] for row in sheet.rows)
    assert [row[-1] for row in sheet.rows][-1] == "own_r18_context-maxout_sizes"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"overrides": ["SEED"]}, "overrides must be KEY VALUE pairs, got 'SEED'"),
        ({"only": ["+contexts"]}, r"must name rows of 'baseline, VGG-16', .* got \+contexts"),
        ({"data": Path("/nowhere")}, "--data must hold coco_2014_train, .* got /nowhere with none"),
    ],
)
def test_what_does_not_go_is_told(words: dict, fault: str, tmp_path: Path) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=fault):
        improvements.reproduce(replace(Request("table9", tmp_path), **words))
