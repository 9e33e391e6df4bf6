"""What a timed detector is told and shown, without torch."""

import subprocess
import sys
from dataclasses import replace

import numpy as np

from resdet.benchmarks import detector_task
from resdet.benchmarks.detector_task import Task

TASK = Task("infer", "R-50-FPN", "w.pth", side=96, calls=2)


def test_pictures_are_always_the_same():
    (picture, other) = detector_task.pictures(96, 2)
    assert (picture.shape, picture.dtype) == ((3, 96, 128), np.uint8)
    assert (picture != other).any()
    assert (picture == detector_task.pictures(96, 5)[0]).all()


def test_a_task_reaches_another_process_whole():
    task = Task("train", "VGG-16", "a b.pth", 96, 3, 2, "cuda:0", "bf16", True, True)
    assert detector_task.given_task([task.text()]) == task


def test_inference_sees_new_images_and_training_the_same():
    inferred = replace(TASK, batch=3).pictures()
    assert [len(batch) for batch in inferred] == [3, 3]
    assert (inferred[0][0] != inferred[1][0]).any()
    first, second = replace(TASK, work="train", batch=3).pictures()
    assert (first[2] == second[2]).all()


def test_the_clock_and_the_processor_are_read_at_each_call():
    taken = detector_task.clocked(lambda number: sum(range(number)), [10, 200_000])
    assert [len(seconds) for seconds in taken.values()] == [2, 2]
    assert taken["processor_seconds"][1] > taken["processor_seconds"][0]


def test_it_needs_no_torch():
    code = "import sys, resdet.benchmarks.exported_detector; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
