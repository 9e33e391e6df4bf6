"""Whole processes that draw in a folder, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from resdet.benchmarks import suite
from resdet.benchmarks import visualize as module


def test_each_detector_draws_in_all_images_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def run(*command: str | Path, env: dict[str, str]) -> dict[str, float | str]:
        words = dict(zip(command[2::2], command[3::2]))
        assert command[:2] == ("resdet", "visualize")
        assert words["--input"] == tmp_path
        for name in ("0.png", "1.png"):
            Path(words["--output"], name).write_bytes(b"")
        asked.append((env["OMP_NUM_THREADS"], str(words["--checkpoint"])))
        seconds = len(asked)
        return {"seconds": seconds, "cpu_seconds": 1.5, "peak_megabytes": 7.0, "printed": ""}

    monkeypatch.setattr(module, "run_whole", run)
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    measured = module.benchmark_visualize([Path("a.pth"), Path("b.xml")], tmp_path, rounds=3)
    assert asked == [(t, name) for t in "12" for _ in range(3) for name in ("a.pth", "b.xml")]
    assert measured["pictures"] == 2
    assert measured["threads 1"] == {
        "images_per_second": {"a.pth": 2 / 3, "b.xml": 2 / 4},  # of rounds 1, 3, 5 and 2, 4, 6
        "processor_seconds": {"a.pth": 0.75, "b.xml": 0.75},
        "peak_megabytes": {"a.pth": 7.0, "b.xml": 7.0},
        "share_of_threads": {"a.pth": 0.5, "b.xml": 0.375},
    }
    assert measured["threads 2"]["share_of_threads"] == {
        "a.pth": 1.5 / 9 / 2,
        "b.xml": 1.5 / 10 / 2,
    }
    told = list(suite.lines(measured))
    assert told[1] == suite.Line(
        "threads 1", "b.xml", "0.5 img/s, 0.750 of processors, 7 MB", pytest.approx(4 / 3), None
    )
