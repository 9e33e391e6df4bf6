"""The options of int8: which go together, and what they ask for."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from resdet.commands import export
from resdet.commands.int8 import check_int8, wanted
from resdet.data.shapes.make import make_shapes


def parsed(*words: str) -> argparse.Namespace:
    parser = export.arguments()
    args = parser.parse_args(["model.pth", *words])
    check_int8(parser, args)
    return args


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--max-drop", "1"], "--max-drop goes with --int8"),
        (["--keep-float", "auto"], "--keep-float goes with --int8"),
        (["--int8"], "--int8 goes with --format openvino, got --format onnx"),
        (["--int8", "--format", "openvino"], "--int8 needs --calibrate DIR, pictures like"),
        (
            ["--int8", "--format", "openvino", "--calibrate", ".", "--max-drop", "nan"],
            "--max-drop must be 0 to 100 points, got nan",
        ),
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(*words)
    assert told in capsys.readouterr().err


ASKED = ("--int8", "--format", "openvino", "--calibrate")


def test_data_calibrates_by_its_training_images_and_measures_on_its_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "shapes"
    make_shapes(root, num_train=20, num_val=2, num_test=3, size=64, seed=3)
    asked = wanted(parsed(*ASKED, str(root), "--keep-float", "auto"))
    assert (len(asked.pictures.calibrate), asked.limit, asked.in_float) == (22, 0.005, ("auto",))
    assert asked.data is not None
    assert len(asked.data) == 3
    assert f"calibrated with 22 images of trainval of {root}" in capsys.readouterr().out
    other = wanted(parsed(*ASKED, str(root), "--data", str(root), "--split", "val"))
    assert other.data is not None
    assert len(other.data) == 2


def test_pictures_alone_are_measured_by_agreement(tmp_path: Path) -> None:
    from PIL import Image

    for at in range(24):
        Image.fromarray(np.full((20, 30, 3), at, np.uint8)).save(tmp_path / f"{at}.jpg")
    asked = wanted(parsed(*ASKED, str(tmp_path), "--max-drop", "2"))
    assert (asked.data, asked.limit) == (None, 0.02)
    assert (len(asked.pictures.calibrate), len(asked.pictures.agree)) == (18, 6)
    with pytest.raises(ValueError, match="is an annotation|no data|must"):
        wanted(parsed(*ASKED, str(tmp_path), "--data", str(tmp_path)))
