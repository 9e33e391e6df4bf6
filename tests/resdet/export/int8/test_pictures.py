"""Which pictures calibrate, and which are to agree."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.export.int8.pictures import LEAST, MOST, find_pictures


def folder(path: Path, number: int) -> Path:
    path.mkdir()
    for at in range(number):
        cv2.imwrite(str(path / f"{at:04}.png"), np.full((4, 6, 3), at % 256, np.uint8))
    return path


def test_a_plain_folder_keeps_some_to_agree(tmp_path: Path) -> None:
    found = find_pictures(folder(tmp_path / "photos", 400), tmp_path)
    assert (len(found.calibrate), len(found.agree)) == (MOST, 50)
    assert not set(found.calibrate) & set(found.agree)
    assert [found.calibrate[0].name, found.calibrate[-1].name] == ["0001.png", "0397.png"]
    assert found.where == str(tmp_path / "photos")


def test_broken_pictures_are_left_out_and_told(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", LEAST + 1)
    (photos / "0005.png").write_bytes(b"no picture")
    found = find_pictures(photos, tmp_path)
    assert len(found.calibrate) + len(found.agree) == LEAST
    assert found.where == f"{photos}, 1 image left out that cannot be read"


def test_too_few_are_told(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", LEAST - 1)
    with pytest.raises(
        ValueError, match=r"--calibrate must hold 20 images or more, got 19 in .*ph"
    ):
        find_pictures(photos, tmp_path)
