"""The images of smokes, and the keys that make them short."""

from __future__ import annotations

from pathlib import Path

from resdet.data.voc.reader import load_voc
from resdet.reproduction.smoke import smoke_shapes


def test_the_shapes_are_written_once(tmp_path: Path) -> None:
    folder = smoke_shapes(tmp_path)
    (first, *_) = load_voc(folder, "train").records
    first.path.unlink()
    assert smoke_shapes(tmp_path) == folder
    assert not first.path.exists()
