"""A training run's folder, and one that is somebody's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.files.run_folder import LOG, check_own, is_run


@pytest.mark.parametrize("name", ["config.yaml", "metrics.json", "model_best.pth"])
def test_files_of_no_run_are_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert not is_run(tmp_path)
    with pytest.raises(ValueError, match=f"--output must be new, empty or a run's, .* {name} is"):
        check_own(tmp_path)
    (tmp_path / LOG).touch()
    assert is_run(tmp_path)
    check_own(tmp_path)


def test_what_a_run_does_not_write_may_lie_there(tmp_path: Path) -> None:
    check_own(tmp_path / "new")
    (tmp_path / "notes.txt").touch()
    check_own(tmp_path)
