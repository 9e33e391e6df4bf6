"""A checkpoint names no file that is then read; what it was tested with is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.checkpoints.alone import alone
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.config.schema import KEYS
from resdet.detector.build import build_model
from resdet.detector.inference import load_detector
from resdet.export.exportable import load_exportable

CLASSES = tuple("abcdef")
NAMED = ("MODEL.WEIGHTS", "DATASETS.ROOT", "OUTPUT_DIR", "TEST.ENSEMBLE")


def test_every_key_that_names_a_file_is_left_to_the_reader() -> None:
    assert sorted(key.name for key in KEYS if key.file) == sorted(NAMED)
    words = [w for key in NAMED[:3] for w in (key, "/etc/passwd")]
    given = config.load("shapes_r18", [*words, "TEST.ENSEMBLE", "['/etc/b.pth', 'c d\\x1b']"])
    cfg, lines = alone(given, "a.pth")
    default = config.default_config()
    assert [config.get(cfg, key) for key in NAMED] == [config.get(default, key) for key in NAMED]
    assert lines == [
        "a.pth was tested in an ensemble, and is used alone; to test it so, give its members: "
        "--ensemble /etc/b.pth 'c d\\x1b'"
    ]
    assert given.TEST.ENSEMBLE == ["/etc/b.pth", "c d\x1b"]
    assert alone(cfg, "a.pth") == (cfg, [])


@pytest.fixture
def stranger(small_config: Callable, tmp_path: Path) -> Path:
    """A detector whose config names files that are not there."""
    engine = engines.load("tv")
    cfg = small_config()
    state = engine.canonical_state(build_model(cfg, engine)[0])
    cfg.TEST.ENSEMBLE = [str(tmp_path / "secret.pth")]
    cfg.MODEL.WEIGHTS = cfg.DATASETS.ROOT = str(tmp_path / "secret")
    path = tmp_path / "a.pth"
    checkpoint.save(path, DetectorCheckpoint(state, cfg, CLASSES, "tv", 0, {}))
    return path


def test_a_stranger_leads_to_no_other_file(
    stranger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detector = load_detector(stranger, "tv", "cpu")
    assert detector.extras.ensemble == ()
    told = capsys.readouterr().out
    assert told.splitlines() == [line for line in told.splitlines() if "give its members" in line]
    assert f"--ensemble {stranger.parent}/secret.pth" in told
    assert "give its members" in load_exportable(stranger).lines[0]
    named = ("TEST.ENSEMBLE", f"['{stranger.parent}/secret.pth']")
    with pytest.raises(FileNotFoundError, match=r"must be an existing file, got .*secret\.pth"):
        load_detector(stranger, "tv", "cpu", testing=named)


def test_what_the_reader_names_is_read(stranger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detector = load_detector(stranger, "tv", "cpu", testing=("TEST.ENSEMBLE", f"['{stranger}']"))
    assert detector.extras.ensemble == (str(stranger),)
    assert capsys.readouterr().out == ""
