"""Versions of packages, which are not imported."""

import importlib
import os

from backbones.machine import versions
from backbones.machine.versions import importable


def test_a_source_that_pip_does_not_know_is_read_not_run(monkeypatch, tmp_path):
    (tmp_path / "barely").mkdir()
    (tmp_path / "barely" / "__init__.py").write_text('raise OSError\n__version__ = "0.6"\n')
    (tmp_path / "silent.py").write_text("raise OSError\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert versions.version("barely") == f"0.6 (of {tmp_path / 'barely'})"
    assert versions.version("silent") == "of unknown version"
    assert versions.version("not_there_at_all") == ""


def test_what_pip_installed_tells_its_version(monkeypatch):
    assert versions.installed("pytest") == versions.version("pytest") != ""
    assert versions.installed("not-there-at-all") == ""


def test_a_wish_to_look_for_updates_stands(monkeypatch):
    monkeypatch.delenv("NO_ALBUMENTATIONS_UPDATE", raising=False)
    versions.look_for_no_updates()
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "1"
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "0")
    versions.look_for_no_updates()
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "0"


def test_a_folder_without_code_is_no_package(monkeypatch, tmp_path):
    (tmp_path / "some_package").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not importable("some_package")
    assert not importable("nowhere_at_all")
    (tmp_path / "some_package" / "__init__.py").touch()
    importlib.invalidate_caches()
    assert importable("some_package")
