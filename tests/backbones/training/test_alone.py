"""One run a folder."""

from __future__ import annotations

from pathlib import Path

from backbones.machine import distributed
from backbones.training.alone import alone


def test_the_main_process_holds_the_folder_for_all(tmp_path: Path, monkeypatch) -> None:
    with alone(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    monkeypatch.setattr(distributed, "is_main", lambda: False)
    with alone(tmp_path):
        assert not list(tmp_path.iterdir())
