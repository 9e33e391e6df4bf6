"""JSON on disk, the machine, and tables."""

import io
import json
import os
import subprocess
import sys

import pytest
from rich.console import Console

from backbones.files.json_file import read_json
from backbones.files.outputs import check_folder, check_writable, write_json
from backbones.machine.environment import environment
from resdet.evaluation.score_tables import (
    coco_class_table,
    coco_table,
    percent,
    voc_table,
)

VOC = {
    "mAP": {"0.50": 0.5},
    "per_class": {"a": {"0.50": 0.5}, "[b]": {"0.50": None}},
    "metric": "11point",
    "iou_rule": "ge",
    "num_images": 4,
    "num_detections": 9,
    "seconds": 0.1,
}


def coco(ap):
    names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    scores = dict.fromkeys(names, ap)
    return {**scores, "APs": -1.0, "per_class": {"a": ap}, "num_images": 4, "backend": "faster"}


def text_of(table, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return " ".join(console.export_text().split())


def test_json_round_trip_and_replacement(tmp_path):
    path = tmp_path / "new" / "r.json"
    write_json(path, {"first": 1})
    write_json(path, {"naïve": [0.1, None]})
    assert read_json(path) == {"naïve": [0.1, None]}
    assert [p.name for p in path.parent.iterdir()] == ["r.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "r.json"
    write_json(path, 1)
    with pytest.raises(ValueError, match="numbers must be finite"):
        write_json(path, {"AP": float("nan")})
    with pytest.raises(TypeError):
        write_json(path, object())
    assert read_json(path) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_environment_names_the_machine_without_importing_torch():
    code = "import sys, resdet.evaluation as e; e.environment(); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
    machine = environment()
    assert machine["cores"] >= 1
    assert {"numpy", "torch"} <= machine["packages"].keys()
    json.dumps(machine, allow_nan=False)


def test_percent():
    assert [percent(0.7321), percent(None), percent(-1.0), percent(0.0)] == [
        "73.2",
        "n/a",
        "n/a",
        "0.0",
    ]
    assert [percent(0.032, True), percent(-0.0006, True), percent(None, True)] == [
        "+3.2",
        "-0.1",
        "n/a",
    ]


def test_tables_name_their_convention():
    text = text_of(voc_table(VOC, {**VOC, "metric": "area"}))
    assert "AP x100, IoU >= t, 4 images" in text
    assert "AP@0.50 11-point" in text
    assert "AP@0.50 area" in text
    assert "[b]" in text  # a class name is no markup
    assert "50.0" in text
    text = text_of(coco_table(coco(0.25)))
    assert "ARl" in text
    assert "n/a" in text
    assert "25.0" in text_of(coco_class_table(coco(0.25)))


def test_no_number_is_cut_at_80_columns():
    aps = {f"{k / 100:.2f}": k / 200 for k in range(50, 100, 5)}
    many = {**VOC, "mAP": aps, "per_class": {"a": aps}}
    for table in (voc_table(many, many), coco_table(coco(0.25)), voc_table(VOC, VOC)):
        assert "\u2026" not in text_of(table, width=80)
    assert "36.2" in text_of(voc_table(many))  # the mean of 25.0, 27.5, ..., 47.5


def test_a_place_to_write_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    check_writable(tmp_path / "new" / "r.json")
    check_writable(tmp_path / "file")  # replaced
    for wrong in (tmp_path, tmp_path / "file" / "r.json", tmp_path / "file" / "new" / "r.json"):
        with pytest.raises(OSError, match=f"got .*{wrong}"):
            check_writable(wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_that_is_no_file_of_results_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"got the device or pipe .*pipe"):
        check_writable(tmp_path / "pipe")
    read = tmp_path / "read.json"
    read.write_text("[]")
    (tmp_path / "link.json").symlink_to(read)
    for path in (read, tmp_path / "link.json"):
        with pytest.raises(OSError, match=r"must not be one that is read, got .*\.json; name"):
            check_writable(path, (None, read))
    write_json(tmp_path / "link.json", [1])
    assert (tmp_path / "link.json").is_symlink()
    assert read.read_text() == "[1]\n"
    check_folder(tmp_path / "new")
    with pytest.raises(OSError, match=r"new or a folder, got the file .*read\.json"):
        check_folder(read)


def test_text_that_no_file_can_hold(tmp_path):
    with pytest.raises(ValueError, match=r"r\.json: text must be Unicode, got '\\ud800'"):
        write_json(tmp_path / "r.json", {"\ud800": 1})
    assert not list(tmp_path.iterdir())
