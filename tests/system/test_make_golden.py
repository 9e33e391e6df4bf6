"""tools/make_golden.py: refusals, and the files it would write today."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from resdet.benchmarks import golden

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("make_golden", ROOT / "tools/make_golden.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_unknown_case_is_refused(tool, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--cases must be of c4, fpn, vgg, vgg_fpn, got c5"):
        tool.main(["--output", str(tmp_path), "--cases", "c4", "c5"])


def test_without_detectron2_nothing_is_written(
    tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "detectron2" else find(name)
    )
    with pytest.raises(ValueError, match="or install detectron2: pip install"):
        tool.main(["--output", str(tmp_path)])
    assert not any(tmp_path.iterdir())


@pytest.mark.detectron2
def test_files_are_what_would_be_written_today(
    tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("detectron2")
    tool.main(["--output", str(tmp_path / "new"), "--detectron2-commit", "abc"])
    assert capsys.readouterr().out.count("written: ") == len(golden.CASES)
    for name in golden.CASES:
        text = (tmp_path / "new" / f"{name}.json").read_text(encoding="utf-8")
        kept_text = (tool.GOLDEN / f"{name}.json").read_text(encoding="utf-8")
        new, kept = json.loads(text), json.loads(kept_text)
        assert new["made_with"]["detectron2_commit"] == "abc"
        assert golden.as_text(kept) == kept_text  # nobody has edited it
        numbers = ("made_with", "inputs", "detections", "proposals", "losses")
        assert list(new) == list(kept)
        assert {k: v for k, v in new.items() if k not in numbers} == {
            k: v for k, v in kept.items() if k not in numbers
        }
        far = golden.differences(kept, new)
        assert all(far[what] <= limit for what, limit in golden.TOLERANCES.items()), far
