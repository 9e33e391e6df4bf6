"""The folder of a training run."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.files.run_folder import check_own, is_run


@pytest.mark.parametrize("name", ["config.yaml", "metrics.json", "model_final.pth"])
def test_files_that_no_run_wrote_are_not_replaced(tmp_path: Path, name: str) -> None:
    check_own(tmp_path / "new")
    check_own(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"--output must be new, .*whose {name} is no run's"):
        check_own(tmp_path)
    assert not is_run(tmp_path)
    for known in ("log.txt", "metrics.json"):
        (tmp_path / known).touch()
    assert is_run(tmp_path)
    check_own(tmp_path)
