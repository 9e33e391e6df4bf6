"""eval_voc and eval_coco from the command line's side, on files written here."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.detector.extras.asked import Extras
from resdet.evaluation import write_comp4
from resdet.runtimes import load
from resdet.structures.records import Detections

TOOLS = Path(__file__).parents[3] / "tools"
OBJECTS = {  # image -> (class, difficult, VOC corners)
    "000007": [("cat", 0, (1, 1, 10, 10)), ("dog", 1, (21, 21, 40, 40))],
    "000012": [("cat", 0, (5, 5, 30, 30))],
}


@pytest.fixture(autouse=True)
def _tools_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))


def tool(name, *argv):
    importlib.import_module(name).main([str(arg) for arg in argv])


@pytest.fixture
def voc(tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2007"
    for folder in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    (root / "classes.txt").write_text("cat\ndog\n")
    (root / "ImageSets/Main/test.txt").write_text("\n".join(OBJECTS) + "\n")
    for stem, objects in OBJECTS.items():
        cv2.imwrite(str(root / f"JPEGImages/{stem}.jpg"), np.zeros((50, 50, 3), np.uint8))
        things = "".join(
            f"<object><name>{name}</name><difficult>{hard}</difficult><bndbox><xmin>{x1}</xmin>"
            f"<ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            for name, hard, (x1, y1, x2, y2) in objects
        )
        size = "<size><width>50</width><height>50</height><depth>3</depth></size>"
        (root / f"Annotations/{stem}.xml").write_text(f"<annotation>{size}{things}</annotation>")
    return root


def detections(ids=("000007", "000012")):
    # cat: TP at IoU 0.5 exactly (10 x 5 of 10 x 10), then FP, then TP. dog: difficult, ignored.
    return [
        Detections(ids[0], [[0, 0, 10, 5], [20, 20, 40, 40]], [0, 1], np.array([0.9, 0.8])),
        Detections(ids[1], [[40, 0, 50, 10], [4, 4, 30, 30]], [0, 0], np.array([0.7, 0.6])),
    ]


def coco_entries(ids=("000007", "000012"), names=("cat", "dog")):
    from resdet.evaluation import to_coco_results

    return to_coco_results(detections(ids), (1, 2), names)


def test_comp4_folder_under_both_metrics(voc, tmp_path, capsys):
    write_comp4(tmp_path / "dets", detections(), ["cat", "dog"])
    common = ["--detections", tmp_path / "dets", "--data", voc, "--split", "test"]
    tool("eval_voc", *common, "--metric", "both", "--json", tmp_path / "r.json")
    result = read_json(tmp_path / "r.json")
    # cat: P 1 at R 1/2, P 2/3 at R 1. area 5/6; 11-point (6 + 5 * 2/3) / 11. dog: no AP.
    assert result["area"]["per_class"] == {
        "cat": {"0.50": pytest.approx(5 / 6)},
        "dog": {"0.50": None},
    }
    assert result["11point"]["mAP"]["0.50"] == pytest.approx((6 + 10 / 3) / 11)
    assert result["area"]["num_images"] == 2
    assert result["area"]["num_detections"] == 4
    out = capsys.readouterr().out
    assert "83.3" in out
    assert "11-point" in out
    assert "measured on 2 images, 3 objects, of which 1 is difficult" in out
    tool(
        "eval_voc", *common, "--iou-rule", "gt", "--iou", "0.5:0.95", "--json", tmp_path / "g.json"
    )
    result = read_json(tmp_path / "g.json")
    assert result["metric"] == "11point"  # the rule of 2007
    assert result["iou_rule"] == "gt"
    assert list(result["mAP"]) == [f"{k / 100:.2f}" for k in range(50, 100, 5)]
    # only the third detection counts: P 1/3 at R 1/2, six of eleven points
    assert result["mAP"]["0.50"] == pytest.approx(6 / 11 / 3)


@pytest.mark.parametrize("ids", [("000007", "000012"), (7, 12)])
def test_coco_results_on_voc_data(voc, tmp_path, ids):
    write_json(tmp_path / "d.json", coco_entries(ids))
    tool(
        "eval_voc",
        "--detections",
        tmp_path / "d.json",
        "--data",
        voc.parents[1],
        "--split",
        "test",
        "--metric",
        "area",
        "--json",
        tmp_path / "r.json",
    )
    assert read_json(tmp_path / "r.json")["mAP"]["0.50"] == pytest.approx(5 / 6)


def test_a_checkpoint_is_run_on_the_split(voc, tmp_path, monkeypatch):
    class Detector:
        class_names = ("dog", "cat")  # the data's order is another
        extras = Extras()
        ran_by = "tv"

        def predict_records(self, records):
            assert [r.image_id for r in records] == list(OBJECTS)
            for d in detections():
                yield Detections(d.image_id, d.boxes, 1 - d.labels, d.scores)

    monkeypatch.setattr(load, "load_detector", lambda *_, **__: Detector())
    tool(
        "eval_voc",
        "--checkpoint",
        "m.pth",
        "--data",
        voc,
        "--split",
        "test",
        "--metric",
        "area",
        "--json",
        tmp_path / "r.json",
    )
    assert read_json(tmp_path / "r.json")["per_class"]["cat"]["0.50"] == pytest.approx(5 / 6)


def test_faults_of_the_user_are_one_line(voc, tmp_path):
    write_json(tmp_path / "d.json", coco_entries(names=("cat", "cow")))
    command = [sys.executable, TOOLS / "eval_voc.py", "--data", voc, "--split", "test"]
    run = subprocess.run(
        [*command, "--detections", tmp_path / "d.json"], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert run.stderr.startswith("error: categories of the results")
    assert "[1 cat, 2 cow] for [1 cat, 2 dog]" in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["eval_voc", "eval_coco"])
def test_the_place_of_the_json_is_checked_before_the_detection(voc, tmp_path, monkeypatch, name):
    monkeypatch.setattr(load, "load_detector", None)  # not reached
    (tmp_path / "file").write_text("")
    data = {
        "eval_voc": ["--data", voc, "--split", "test"],
        "eval_coco": ["--annotations", tmp_path / "gt.json", "--images", voc / "JPEGImages"],
    }
    with pytest.raises(OSError, match=re.escape(f"got {tmp_path}/file/r.json")):
        tool(name, "--checkpoint", "m.pth", *data[name], "--json", tmp_path / "file" / "r.json")


@pytest.mark.parametrize("iou", ["0", "1.5", "a", "0.9:0.5", ""])
def test_thresholds_outside_their_range(iou, capsys):
    with pytest.raises(SystemExit):
        tool("eval_voc", "--detections", "d", "--data", "v", "--split", "test", "--iou", iou)
    assert "must be in (0, 1]" in capsys.readouterr().err


def test_a_metric_is_one_of_what_there_is(fresh_plugins, monkeypatch, tmp_path):
    (tmp_path / "own.py").write_text(
        "import resdet\nresdet.register_metric('kitti', lambda ranking: 0.5)\n"
    )
    monkeypatch.setenv("RESDET_PLUGINS", str(tmp_path / "own.py"))
    common = ["--detections", tmp_path / "none", "--data", tmp_path]
    with pytest.raises(
        ValueError, match="--metric must be 11point, area, both or kitti, got 'kit'"
    ):
        tool("eval_voc", *common, "--metric", "kit")
    with pytest.raises(ValueError, match="--metric must be .*, got '101point'"):
        tool("eval_voc", *common, "--metric", "101point")


def test_several_years_need_a_choice(voc, tmp_path):
    other = voc.parent / "VOC2012" / "ImageSets" / "Main"
    other.mkdir(parents=True)
    (other / "test.txt").write_text("2008_000001\n")
    with pytest.raises(ValueError, match=r"VOC2007.*VOC2012; name the one"):
        tool("eval_voc", "--detections", "d", "--data", voc.parent, "--split", "test")


@pytest.mark.parametrize("name", ["eval_voc", "eval_coco", "compare", "visualize"])
def test_help_imports_nothing_heavy(name):
    code = (
        f"import sys; sys.path.insert(0, {str(TOOLS)!r}); import {name}\n"
        f"try: {name}.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'cv2', 'matplotlib', 'numpy', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_recalls_by_their_names_of_today_and_of_before(voc, tmp_path):
    write_comp4(tmp_path / "dets", detections(), ["cat", "dog"])
    common = ["--detections", tmp_path / "dets", "--data", voc, "--split", "test"]
    today = {"tenths": "tenths", "matlab": "matlab", "exact": "tenths", "float": "numpy"}
    for recall, name in today.items():
        tool("eval_voc", *common, "--recall", recall, "--json", tmp_path / f"{recall}.json")
        assert read_json(tmp_path / f"{recall}.json")["recall"] == name


def test_classes_of_ones_own_in_a_folder_of_vocs_name(voc, tmp_path, capsys):
    (voc / "classes.txt").unlink()
    for file in (voc / "Annotations").iterdir():
        file.write_text(file.read_text().replace("dog", "kangaroo"))
    write_comp4(tmp_path / "dets", detections(), ["cat", "kangaroo"])
    given = ["--detections", tmp_path / "dets", "--data", voc, "--split", "test"]
    tool("eval_voc", *given, "--json", tmp_path / "r.json")
    assert list(read_json(tmp_path / "r.json")["per_class"]) == ["cat", "kangaroo"]
    assert "11-point, as the folder is called VOC2007; --metric area" in capsys.readouterr().out
    tool("eval_voc", *given, "--metric", "area", "--classes", "kangaroo,cat")
    assert "as the folder is called" not in capsys.readouterr().out
    tool("eval_voc", *given[:-2], "--classes", "kangaroo,cat")
    told = capsys.readouterr().out
    assert "classes  2: kangaroo, cat\n" in told
    assert told.count("VOC2007, yet of other classes") == told.count("11-point, as the folder") == 1
    assert told.count("of 2007") == 0
    with pytest.raises(ValueError, match="class must be one of cow, cat, got 'kangaroo'"):
        tool("eval_voc", *given, "--classes", "cow,cat")
