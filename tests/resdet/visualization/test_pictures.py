"""Copies of an evaluation's images: where they come from, and their size."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from resdet.visualization.pictures import Size, find_pictures, write_pictures


def record(root: Path | str = "", files: tuple[str, ...] = ()) -> SimpleNamespace:
    matches = SimpleNamespace(image_ids=("wide", "small", 7))
    return SimpleNamespace(matches=matches, root=str(root), files=files)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for name, height, width in (("wide", 800, 1600), ("small", 60, 80), ("7", 1, 3000)):
        cv2.imwrite(str(root / f"{name}.png"), np.full((height, width, 3), 90, np.uint8))
    return root


def test_by_file_names_or_else_by_ids(pictures: Path) -> None:
    files = ("a/wide.png", "b.png", "c.png")
    assert find_pictures(record(pictures, files), None) == [pictures / name for name in files]
    by_id = [pictures / f"{name}.png" for name in ("wide", "small", "7")]
    assert find_pictures(record(), pictures) == by_id
    (pictures / "small.png").unlink()
    assert find_pictures(record(pictures), None) == [by_id[0], None, by_id[2]]
    assert find_pictures(record("/nowhere", files), None) == [None] * 3
    assert find_pictures(record("", files), None) == [None] * 3


@pytest.mark.parametrize("name", ["../b.png", "/etc/passwd", "C:\\b.png", "a\\..\\b.png", "a\0b"])
def test_no_file_name_leaves_the_root(pictures: Path, name: str) -> None:
    with pytest.raises(ValueError, match="file names must stay below their root, got"):
        find_pictures(record(pictures, ("a.png", name, "c.png")), None)


def test_one_file_name_per_image(pictures: Path) -> None:
    with pytest.raises(ValueError, match=r"files must be one per image \(3\), got 1"):
        find_pictures(record(pictures, ("wide.png",)), None)
    with pytest.raises(FileNotFoundError, match=r"images must be a folder, got .*wide\.png"):
        find_pictures(record(), pictures / "wide.png")


def test_copies_are_scaled_down_and_never_up(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    names = ["wide.png", "small.png", "7.png", "broken.png"]
    told: list[tuple[int, int]] = []
    out = tmp_path / "out"
    out.mkdir()
    sizes = write_pictures(
        out, [*(pictures / name for name in names), None], lambda *now: told.append(now)
    )
    assert sizes == [Size(800, 400, 0.5), Size(80, 60, 1.0), Size(800, 1, 800 / 3000), None, None]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert sorted(path.name for path in out.iterdir()) == [f"{n:06d}.jpg" for n in range(3)]
    assert cv2.imread(str(out / "000000.jpg")).shape == (400, 800, 3)
