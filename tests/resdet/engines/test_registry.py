"""Engines by name."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import pytest

import resdet
from resdet import engines
from resdet.engines import registry


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="--engine must be auto, d2 or tv, got 'mm'"):
        engines.load("mm")


def test_importing_resdet_imports_neither_torch_nor_detectron2() -> None:
    code = (
        "import sys, resdet, resdet.config, resdet.engines\n"
        "assert resdet.engines.choose('tv') == 'tv'\n"
        "resdet.add_resdet_config(resdet.config.default_config())\n"
        "print([n for n in ('torch', 'torchvision', 'detectron2') if n in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_detectron2_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "detectron2" else find(name)
    )
    assert engines.load("auto").NAME == "tv"
    for ask in (lambda: engines.load("d2"), resdet.register):
        with pytest.raises(ValueError, match="--engine tv gives the same numbers, or install") as e:
            ask()
        assert "pip install --no-build-isolation 'git+https://" in str(e.value)


def test_detectron2_is_preferred_where_it_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "importable", lambda name: True)
    assert registry.available() == ("d2", "tv")
    assert registry.choose() == "d2"
    assert registry.choose("tv") == "tv"


def test_an_engine_of_others_is_chosen_by_its_name(fresh_plugins: None) -> None:
    theirs = SimpleNamespace(NAME="theirs")
    registry.register_engine(theirs)
    assert registry.choose("theirs") == "theirs"
    assert registry.load("theirs") is theirs
    with pytest.raises(ValueError, match="--engine must be auto, d2, tv or theirs, got 'their'; d"):
        registry.choose("their")
    with pytest.raises(ValueError, match="--engine must be new, got 'tv'"):
        registry.register_engine(SimpleNamespace(NAME="tv"))
