"""What an exported file says of itself, where it stands, and what is no such file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from resdet.runtimes.about import read_about
from resdet.runtimes.program import Program

SIZES = {"resize": "outside", "min_size": 8, "max_size": 16}
SAID = {"task": "detection", "class_names": '["cat"]', "preprocessing": json.dumps(SIZES)}


def program(metadata: dict) -> Program:
    inputs, outputs = ["images: float (1, 3, 640, 640)"], ["output0: float (1, 84, 8400)"]
    return Program(metadata, inputs, outputs, None, lambda: pytest.fail("started"))


def test_classes_and_sizes_stand_in_the_metadata(tmp_path: Path) -> None:
    about = read_about(tmp_path / "m.onnx", program(SAID))
    assert about.class_names == ("cat",)
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    assert about.transform(np.zeros((32, 32, 3), np.uint8), *none)[0].shape == (8, 8, 3)


def test_of_a_graph_that_resizes_nothing_is_resized(tmp_path: Path) -> None:
    said = {**SAID, "preprocessing": '{"resize": "inside"}'}
    assert read_about(tmp_path / "m.onnx", program(said)).transform is None


@pytest.mark.parametrize("nested", [False, True])
def test_the_json_beside_says_what_the_metadata_does_not(tmp_path: Path, nested: bool) -> None:
    said = {k: json.loads(v) if nested and k != "task" else v for k, v in SAID.items()}
    (tmp_path / "m.onnx.json").write_text(json.dumps(said))
    assert read_about(tmp_path / "m.onnx", program({})).class_names == ("cat",)
    assert read_about(tmp_path / "m.onnx", program(SAID)).class_names == ("cat",)


@pytest.mark.parametrize(
    ("field", "value"),
    [("class_names", ["cat", "dog"]), ("class_names", []), ("preprocessing", {"resize": "inside"})],
)
def test_the_json_beside_says_what_the_file_says(tmp_path: Path, field: str, value: object) -> None:
    (tmp_path / "m.onnx.json").write_text(json.dumps({**SAID, field: value}))
    told = rf"{field} of .*m.onnx.json must be those that m.onnx holds itself, .*; remove m.onnx.js"
    with pytest.raises(ValueError, match=told):
        read_about(tmp_path / "m.onnx", program(SAID))


@pytest.mark.parametrize("content", ["[]", '{"checkpoint": "a.pth"}'])
def test_a_json_of_others_beside_a_whole_file_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.onnx.json").write_text(content)
    assert read_about(tmp_path / "m.onnx", program(SAID)).class_names == ("cat",)


@pytest.mark.parametrize("beside", ["[]", '{"names": []}', ""])
def test_a_file_of_others_is_told_what_it_has_and_what_is_needed(
    tmp_path: Path, beside: str
) -> None:
    if beside:
        (tmp_path / "yolo.onnx.json").write_text(beside)
    told = (
        r"yolo.onnx must be a file of resdet export, with task, class_names and preprocessing in "
        r"its metadata or in yolo.onnx.json beside it.*got images: float \(1, 3, 640, 640\) for "
        "output0"
    )
    with pytest.raises(ValueError, match=told):
        read_about(tmp_path / "yolo.onnx", program({"names": "{}"}))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("task", "classification", "m.onnx must be a detector, got a file for 'classification'"),
        ("class_names", "[]", "class_names of .*m.onnx must be a list of names, got []"),
        ("class_names", '["a", 3]', "must be a list of names, got ['a', 3]"),
        ("class_names", '["a", "a"]', "class_names of .*m.onnx must differ, got 'a' more than"),
        (
            "preprocessing",
            "{}",
            "preprocessing of .*m.onnx must be .*min_size and max_size.*got {}",
        ),
        ("preprocessing", '{"min_size": 0, "max_size": 9}', "must be .*min_size and max_size"),
        ("preprocessing", "no JSON", "must be .*min_size and max_size in pixels, got 'no JSON'"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, field: str, value: str, told: str) -> None:
    told = told.replace("[", r"\[")
    with pytest.raises(ValueError, match=told):
        read_about(tmp_path / "m.onnx", program({**SAID, field: value}))
