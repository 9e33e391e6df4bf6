"""--as and single rules from the command line's side."""

import argparse

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.commands import eval_coco, eval_voc
from resdet.commands.as_tool import most_detections

BOX, FAR = [0, 0, 40, 40], [50, 50, 40, 40]


@pytest.fixture
def given(tmp_path):
    """One object of a class that is found, one of an image without detections, an empty class."""
    truth = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 90, "width": 90} for i in (1, 2)],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": BOX, "iscrowd": 0} for i in (1, 2)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    write_json(tmp_path / "gt.json", truth)
    entry = {"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.9}
    write_json(tmp_path / "d.json", [entry, {**entry, "category_id": 2, "bbox": FAR}])
    return ["--detections", tmp_path / "d.json", "--annotations", tmp_path / "gt.json"]


def run(command, *argv):
    command.main([str(arg) for arg in argv])


def test_a_tool_of_coco(given, tmp_path, capsys):
    run(eval_coco, *given, "--as", "tidecv", "--json", tmp_path / "r.json")
    printed = capsys.readouterr().out
    assert "as tidecv 1.0.1 prints it; by rules other than ours:\n- " in printed
    assert "- of an image, 100 detections of all classes together are kept" in printed
    assert "the mean of 2 classes" in printed
    assert "AR100" not in printed
    result = read_json(tmp_path / "r.json")
    assert (result["as"], result["AR100"], result["rules"]["limit"]) == ("tidecv", None, 100)
    assert result["AP50"] == pytest.approx(51 / 101 / 2)
    assert not (tmp_path / "r.matches.npz").exists()


def test_a_tool_of_voc(given, tmp_path, capsys):
    run(eval_voc, *given, "--as", "detectron2", "--json", tmp_path / "r.json")
    assert "makes the mean nan" in capsys.readouterr().out
    result = read_json(tmp_path / "r.json")
    assert result["11point"]["mAP"]["0.50"] == pytest.approx(6 / 11 / 2)
    assert result["area"]["mAP"]["0.50"] is None
    run(eval_voc, *given, "--as", "podm", "--metric", "area")
    assert "11-point" not in capsys.readouterr().out.split("AP@t")[1]
    with pytest.raises(ValueError, match="--metric must be 11point as kornia has it, got area"):
        run(eval_voc, *given, "--as", "kornia", "--metric", "area")
    with pytest.raises(ValueError, match="that one is eval-coco's"):
        run(eval_voc, *given, "--as", "globox")


def test_single_rules(given, tmp_path, capsys):
    run(eval_voc, *given, "--mean", "listed", "--metric", "area", "--json", tmp_path / "v.json")
    assert read_json(tmp_path / "v.json")["mAP"]["0.50"] == 0.25
    told = "by rules other than ours:\n- the mean is over all listed classes, 0 for one without"
    assert capsys.readouterr().out.startswith(told)
    run(eval_voc, *given, "--metric", "area")
    assert "other than ours" not in capsys.readouterr().out
    given += ["--json", tmp_path / "c.json"]
    run(eval_coco, *given, "--mean", "seen", "--ties", "true-first", "--max-detections", "2,3,5")
    result = read_json(tmp_path / "c.json")
    assert result["AP50"] == pytest.approx(51 / 101 / 2)
    assert result["max_detections"] == [2, 3, 5]
    assert result["rules"]["ties"] == "true-first"


@pytest.mark.parametrize(
    ("command", "options", "text"),
    [
        (eval_coco, ["--as", "globox", "--ties", "stable"], "--ties does not go with --as: the"),
        (eval_voc, ["--as", "podm", "--recall", "numpy"], "--recall does not go with --as"),
        (eval_voc, ["--as", "podm", "--rules", "detectron2"], "--rules does not go with --as"),
        (eval_voc, ["--as", "podm", "--plots", "p"], "--plots does not go with --as: it draws"),
        (eval_coco, ["--as", "globox", "--cross-check"], "--cross-check go without other rules"),
        (eval_coco, ["--mean", "seen", "--backend", "faster"], "go without other rules"),
    ],
)
def test_what_does_not_go_together(given, command, options, text, capsys):
    with pytest.raises(SystemExit):
        run(command, *given, *options)
    assert text in " ".join(capsys.readouterr().err.split())


def test_limits_of_a_tool(given, tmp_path, capsys):
    given += ["--max-detections", "1,10,300"]
    for tool, ap in (("pycocotools", -1), ("faster-coco-eval", pytest.approx(51 / 101))):
        run(eval_coco, *given, "--as", tool, "--json", tmp_path / "r.json")
        assert "1, 10, 300 detections are kept" in " ".join(capsys.readouterr().out.split())
        result = read_json(tmp_path / "r.json")
        assert (result["AP"], result["AP50"]) == (ap, pytest.approx(51 / 101))
    with pytest.raises(ValueError, match="--max-detections does not go with --as tidecv"):
        run(eval_coco, *given, "--as", "tidecv")


def test_limits_rise():
    assert most_detections("1,10,300") == (1, 10, 300)
    for text in ("100", "1,10,10", "0,1,2", "1,2,x", "3,2,1"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"three rising numbers.*{text}"):
            most_detections(text)
