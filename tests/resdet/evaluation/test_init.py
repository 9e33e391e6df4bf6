"""The public names of the room, imported when they are first used."""

import subprocess
import sys

import pytest

from resdet import evaluation


def test_every_public_name_is_there():
    assert list(evaluation._HOMES) == evaluation.__all__
    for name in evaluation.__all__:
        assert getattr(evaluation, name).__module__ == evaluation._HOMES[name]


def test_other_names_are_none():
    with pytest.raises(AttributeError, match="no attribute 'matching'"):
        _ = evaluation.matching


def test_one_name_imports_no_other_part():
    code = "import sys, resdet.evaluation as e; e.Rules; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "resdet.evaluation.rules" in loaded
    assert "resdet.evaluation.comparison" not in loaded
