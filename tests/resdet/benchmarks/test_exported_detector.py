"""A file timed by the runtime that it is made for: it sees the pictures that the others see."""

import numpy as np
import pytest

from resdet.benchmarks import exported_detector
from resdet.benchmarks.detector_task import Task
from resdet.runtimes import choice
from resdet.runtimes.program import Found


def test_each_call_is_timed_and_what_is_found_told(monkeypatch):
    pytest.importorskip("onnxruntime")
    task = Task("infer", "R-50-FPN", "w.onnx", side=96, calls=2)
    shapes = []

    def run(image):
        shapes.append(image.shape)
        score = image[..., 0].mean(keepdims=True, dtype=np.float32).ravel()
        return Found(np.zeros((1, 4), np.float32), np.array([7]), score)

    class Program:
        start = staticmethod(lambda lanes: run)

    opened = lambda self, path, threads: Program  # noqa: E731
    monkeypatch.setattr(choice.Runtime, "opened", opened)
    measured = exported_detector.measure(task)
    assert set(shapes) == {(96, 128, 3)}
    assert len(measured["seconds"]) == len(measured["processor_seconds"]) == 2
    means = [batch[0][0].mean() for batch in task.pictures()]
    assert [found["scores"][0] for found in measured["found"]] == pytest.approx(means, rel=1e-5)
    assert measured["found"][0]["labels"] == [7]
