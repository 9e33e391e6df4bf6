"""One run a folder; of several processes, the main one sees to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.files.lock import NAME
from backbones.machine import distributed
from backbones.training.alone import alone


@pytest.mark.parametrize("is_main", [True, False])
def test_the_main_process_holds_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_main: bool
) -> None:
    monkeypatch.setattr(distributed, "is_main", lambda: is_main)
    with alone(tmp_path):
        assert (tmp_path / NAME).is_file() == is_main
    assert not (tmp_path / NAME).exists()
