"""How evaluation grows, at small sizes."""

from pathlib import Path

import pytest

from backbones.files.json_file import read_json
from backbones.images.decoding import read_image
from resdet.benchmarks import evaluation_growth
from resdet.benchmarks.evaluation_growth import benchmark_growth, plot_growth
from resdet.benchmarks.whole import EVAL_COCO, EVAL_VOC


def test_costs_of_each_size_and_a_picture_of_them(tmp_path, monkeypatch):
    taken = iter([9.0, 2.0, 3.0] * 6)

    def run_whole(*command, env):
        assert env
        files = dict(zip(command[2::2], command[3::2]))
        detections = Path(files["--detections"])
        lines = [line for f in detections.glob("*.txt") for line in f.read_text().splitlines()]
        found = len(lines) or len(read_json(detections))
        seconds = next(taken) * found
        return {"seconds": seconds, "cpu_seconds": seconds, "peak_megabytes": 8.0, "printed": ""}

    monkeypatch.setattr(evaluation_growth, "run_whole", run_whole)
    measured = benchmark_growth((4, 40), (4, 50), sizes=(0.5, 1, 2))
    assert measured["sizes"] == [0.5, 1, 2]
    for name, detections in ((EVAL_VOC, [20, 40, 80]), (EVAL_COCO, [25, 50, 100])):
        grown = measured[name]
        assert grown["images"] == [2, 4, 8]
        assert grown["detections"] == detections
        assert grown["cpu_seconds"] == [2.0 * each for each in detections]
        assert grown["exponent"] == pytest.approx(
            {"seconds": 1, "cpu_seconds": 1, "peak_megabytes": 0}
        )
    plot_growth(measured, tmp_path / "growth.png")
    assert read_image(tmp_path / "growth.png", "RGB").shape[2] == 3
