"""Detectors' files side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from resdet.benchmarks import files as module


def test_each_file_has_its_own_processes_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(3):
        cv2.imwrite(str(tmp_path / f"{at}.png"), np.full((8, 9, 3), at, np.uint8))
    models = [tmp_path / name for name in ("a.pth", "b.xml")]
    for model, size in zip((*models, tmp_path / "b.bin"), (3000, 1000, 500)):
        model.write_bytes(bytes(size))
    asked: list[tuple[str, str]] = []

    def run(name: str, text: str, env: dict[str, str]) -> dict[str, Any]:
        task = json.loads(text)
        assert [Path(path).name for path in task["pictures"]] == ["0.png", "1.png", "2.png"]
        asked.append((env["OMP_NUM_THREADS"], Path(task["file"]).name))
        step = 0.1 * len(asked)
        return {"seconds": [1, step, 3], "wall_seconds": [2, 2, 2], "peak_megabytes": 10 * step}

    monkeypatch.setattr(module, "run_module", run)
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    measured = module.benchmark_files(models, tmp_path, rounds=2)
    assert asked == [(t, name) for t in "12" for _ in range(2) for name in ("a.pth", "b.xml")]
    (first, second), one = map(str, models), measured["threads 1"]
    assert one["seconds"] == pytest.approx({first: 4.1 / 3, second: 4.2 / 3})
    assert one["wall_seconds"] == {first: 2, second: 2}
    assert one["peak_megabytes"] == pytest.approx({first: 3, second: 4})
    assert measured["megabytes"] == {first: 0.003, second: 0.0015}
    assert {"hardware", "versions"} <= set(measured)


def test_a_file_is_timed_on_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((8, 9, 3), np.uint8))
    seen: list[tuple[int, ...]] = []

    def load(path: str) -> Any:
        assert path == "a.pth"
        return lambda image, channel_order: seen.append(image.shape)

    monkeypatch.setattr(module, "load_detector", load)
    found = module._measure(module._Task("a.pth", [str(tmp_path / "0.png")] * 2))
    assert seen == [(8, 9, 3)] * 2 * module.PASSES
    assert [len(found[key]) for key in ("seconds", "wall_seconds")] == [2, 2]
    assert all(0 <= second < 1 for second in found["wall_seconds"])
