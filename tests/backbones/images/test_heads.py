"""Heads of pictures, kept while their files are unchanged."""

import os

import cv2
import numpy as np

from backbones.images import heads
from backbones.images.heads import inspect_heads


def test_heads_are_kept_while_their_file_is_unchanged(tmp_path, monkeypatch):
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(heads, "_WORTHWHILE", 1)
    paths = [str(tmp_path / "data" / f"{number}.png") for number in range(4)]
    (tmp_path / "data").mkdir()
    for path in paths:
        cv2.imwrite(path, np.zeros((3, 4, 3), np.uint8))
        os.utime(path, (1, 1))
    monkeypatch.setattr(heads, "is_settled", bool)
    first = inspect_heads(paths)
    asked = []
    real = heads.inspect_images

    def inspect(paths, **more):
        asked.append(list(paths))
        return real(paths, **more)

    monkeypatch.setattr(heads, "inspect_images", inspect)
    assert inspect_heads(paths) == first
    os.truncate(paths[3], 0)
    assert [fact.state for fact in inspect_heads(paths)].count("unreadable") == 1
    assert asked == [[], [paths[3]]]
    assert inspect_heads([]) == []
