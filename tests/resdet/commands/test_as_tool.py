"""--as and single rules from the command line's side."""

import argparse
import re

import cv2
import numpy as np
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


def printed(capsys):
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_a_number_that_was_told(given, capsys):
    run(eval_voc, *given, "--claimed", "27.3")
    shown = printed(capsys)
    assert "27.3 was told: how ours becomes it" in shown
    assert (
        "mAP@0.50, 11-point by our rules 54.55 the mean is over all listed classes, 0 for one "
        "without objects -27.27 mAP@0.50, 11-point by the rules of mean-average-precision 27.27"
        in shown
    )
    run(eval_voc, *given, "--claimed", "0.500", "--metric", "area")
    assert "our own rules give it 50.00" in printed(capsys)
    run(eval_voc, *given, "--claimed", "54.5", "--metric", "area")
    assert "no set of rules gives it, the nearest" in printed(capsys)
    run(eval_coco, *given, "--claimed", "AP=25.2")
    shown = printed(capsys)
    assert "AP by our rules 50.50 the mean is over all classes seen, 0 for one" in shown
    assert "rules of tidecv 1.0.1 25.25" in shown
    run(eval_coco, *given, "--claimed", "AP50=77.7")
    shown = printed(capsys)
    assert "77.7 was told: no set of rules gives it, the nearest" in shown
    assert "AP50 by our rules 50.50 images without a detection" in shown


@pytest.mark.parametrize(
    ("command", "claim", "known"),
    [
        (eval_voc, ["AR100=50.0"], "mAP@0.50,"),
        (eval_voc, ["mAP@0.75=50.0"], "mAP@0.50,"),
        (eval_voc, ["AR1=5.0", "--iou", "0.5,0.75"], "mAP@0.50, mAP@0.75, mAP, mean of 2,"),
        (eval_coco, ["mAP@0.50=50.0"], "AP, AP50, AP75, "),
    ],
)
def test_a_number_that_is_never_printed_is_refused_before_the_work(
    given, command, claim, known, monkeypatch
):
    monkeypatch.delattr("resdet.commands.sources.ground_truth")
    with pytest.raises(ValueError, match=f"--claimed must be of {re.escape(known)}.*got one of"):
        run(command, *given, "--claimed", *claim)


def test_corners_of_voc_hold_the_longer_sides(tmp_path, capsys):
    """One object of 10 x 10 and a detection of less than half of it, more where 1 is added."""
    truth = tmp_path / "VOC2012"
    for folder in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (truth / folder).mkdir(parents=True)
    (truth / "ImageSets/Main/test.txt").write_text("a\n")
    (truth / "Annotations/a.xml").write_text(
        "<annotation><size><width>50</width><height>50</height><depth>3</depth></size><object>"
        "<name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax>"
        "</bndbox></object></annotation>"
    )
    cv2.imwrite(str(truth / "JPEGImages/a.jpg"), np.zeros((50, 50, 3), np.uint8))
    (tmp_path / "d").mkdir()
    (tmp_path / "d/comp4_det_test_cat.txt").write_text("a 0.9 1 1 10 4.9\n")
    argv = ["--detections", tmp_path / "d", "--data", truth, "--classes", "cat"]
    run(eval_voc, *argv, "--voc-corners", "1-inclusive", "--claimed", "100.0")
    assert "no set of rules gives it, the nearest" in printed(capsys)


@pytest.mark.parametrize(
    ("command", "options", "text"),
    [
        (eval_voc, ["--claimed", "81.3", "--as", "podm"], "--as does not go with --claimed"),
        (eval_voc, ["--claimed", "81.3", "--iou-rule", "gt"], "--iou-rule does not go with --cl"),
        (eval_coco, ["--claimed", "81.3", "--json", "r"], "--json does not go with --claimed"),
        (eval_coco, ["--claimed", "81,3"], "must be a number with its digits, as 0.813"),
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
