"""Tables 12 to 14: the paper's numbers, a smoke of each, what is missing."""

import csv
import json

import pytest

from resdet.commands import reproduce as command
from resdet.evaluation.comparison.paper import TABLE_12, TABLE_13
from resdet.reproduction import imagenet
from resdet.reproduction.request import Request


def read(path):
    with path.open() as file:
        return {line["row"]: line for line in csv.DictReader(file)}


def test_a_smoke_measures_every_row_that_we_have(tmp_path, capsys):
    for target, table in imagenet.TABLES.items():
        assert command.main([target, "--scale", "smoke", "--output", str(tmp_path)]) == 0
        lines = read(tmp_path / "smoke" / f"{target}.csv")
        for row in table.rows:
            assert (lines[row.label]["ours"] != "") == bool(row.config)
        assert "[smoke]" in (tmp_path / "smoke" / f"{target}.md").read_text()
    runs = tmp_path / "smoke" / "runs"
    names = {path.name for path in runs.glob("*.json")}
    loc, rcnn = "imagenet_loc_r101", "imagenet_loc_rcnn_r101"
    assert names == {
        "imagenet_det_r101.json",
        *(f"{loc}-oracle-crop.json", f"{loc}-oracle.json", f"{loc}-classifier.json"),
        f"{rcnn}-classifier.json",
    }
    capsys.readouterr()
    command.main(["table13", "--scale", "smoke", "--output", str(tmp_path)])
    assert "starting" not in capsys.readouterr().out  # what is measured stays


def test_without_data_the_paper_stands_alone(tmp_path):
    command.main(["table14", "--output", str(tmp_path)])
    lines = read(tmp_path / "table14.csv")
    assert lines["OverFeat (ILSVRC'13)"]["paper_test"] == "29.9"
    assert {line["ours"] for line in lines.values()} == {""}


def test_a_classifier_is_asked_for(tmp_path, imagenet_root, tiny_localiser):
    run = tmp_path / "runs" / "imagenet_loc_rcnn_r101"
    run.mkdir(parents=True)
    tiny_localiser.rename(run / "model_final.pth")
    with pytest.raises(ValueError, match=r"runs/classifier\.pth must be the classifier whose"):
        imagenet.reproduce(Request("table14", tmp_path, imagenet_root))


def test_results_beside_are_taken(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "imagenet_det_r101.json").write_text(json.dumps({"value": 12.34}))
    command.main(["table12", "--output", str(tmp_path)])
    assert "| one model, ResNet-101 | 60.5 | 12.3 | 58.8 |" in (tmp_path / "table12.md").read_text()


@pytest.mark.parametrize("words", [["--only", "x"], ["--seeds", "2"], ["SEED", "1"]])
def test_what_is_not_taken_is_refused(words, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command.main(["table12", "--output", str(tmp_path), *words])
    assert "table12 takes no" in capsys.readouterr().err


def test_tables_and_results_have_the_same_numbers():
    rows = {row.label: row for table in imagenet.TABLES.values() for row in table.rows}
    det = rows["one model, ResNet-101"]
    assert float(det.paper[0]) == 100 * TABLE_12[imagenet.DET]["mAP@0.50"]
    printed = [float(row.paper[0]) for row in rows.values() if row.config == imagenet.LOC]
    assert printed == list(TABLE_13[imagenet.LOC].values())
    assert rows["one model of each"].paper[0] == f"{TABLE_13[imagenet.RCNN]['ResNet-101']}"
