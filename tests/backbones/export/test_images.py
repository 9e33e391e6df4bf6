"""The images that an exported network is compared by."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.export.images import images_to_compare


def test_images_to_compare(tmp_path: Path) -> None:
    sizes = [image.shape[:2] for _, image in images_to_compare(None)]
    assert len(set(sizes)) == len(sizes) == 5
    with pytest.raises(ValueError, match="--images must be a folder, got"):
        images_to_compare(tmp_path / "none")
    with pytest.raises(ValueError, match=r"--images must hold 5 images .*, got 0 in"):
        images_to_compare(tmp_path)
    (tmp_path / "deeper").mkdir()
    for at, name in enumerate(["a.png", "b.png", "deeper/c.png", "d.txt"]):
        if name.endswith("png"):
            cv2.imwrite(str(tmp_path / name), np.full((20 + at, 30, 3), 9, np.uint8))
    with pytest.raises(ValueError, match=r"--images must hold 5 images .*, got 3 in"):
        images_to_compare(tmp_path)
    for name in ("e.png", "f.png"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 30, 3), 9, np.uint8))
    assert [name for name, _ in images_to_compare(tmp_path)] == [
        *("a.png", "b.png", "c.png"),
        *("e.png", "f.png"),
    ]
