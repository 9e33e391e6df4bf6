"""Which detectron2 is here."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

detectron2 = pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from resdet.engines.d2.version import commit, version  # noqa: E402


def installed(monkeypatch: pytest.MonkeyPatch, note: dict | None) -> None:
    def distribution(name: str) -> SimpleNamespace:
        if note is None:
            raise importlib.metadata.PackageNotFoundError
        return SimpleNamespace(read_text=lambda file: json.dumps(note))

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)


def test_pips_note_names_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, {"vcs_info": {"commit_id": "abc"}})
    assert commit() == "abc"
    assert version() == detectron2.__version__


def test_a_checkout_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(detectron2, "__file__", str(tmp_path / "detectron2" / "__init__.py"))
    installed(monkeypatch, None)
    assert commit() == "unknown"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    assert len(commit()) == 40
    installed(monkeypatch, {"url": "file:///elsewhere"})
    assert len(commit()) == 40
