"""Our detector, timed: every way finds the same."""

from dataclasses import replace

import pytest

from resdet.benchmarks import detectors, our_detector
from resdet.benchmarks.detector_task import Task
from resdet.benchmarks.detector_timing import images_of
from resdet.checkpoints import checkpoint

TASK = Task("infer", "R-50-FPN", "w.pth", side=96, calls=2)


@pytest.mark.slow
def test_compiled_and_in_batches_ours_finds_the_same(tmp_path):
    weights = tmp_path / "w.pth"
    our_detector.write_weights("R-50-FPN", weights)
    task = replace(TASK, weights=str(weights), calls=1)
    plain = our_detector.measure(task)["found"]
    fast = our_detector.measure(replace(task, compiled=True, batch=2))["found"]
    apart = detectors._apart(plain, fast)
    assert apart["boxes"] < 1e-2
    assert apart["scores"] < 1e-4


def test_pictures_have_objects_to_learn_from():
    (picture,) = images_of(replace(TASK, calls=1))[0]
    found = our_detector._sample(picture, TASK.side)
    assert found["image"] is picture
    assert (found["height"], found["width"]) == (96, 128)
    assert len(found["boxes"]) == len(found["labels"]) == 5


@pytest.mark.slow
def test_weights_are_read_in_the_form_that_their_kind_has(tmp_path):
    our_detector.write_weights("R-50-C4", tmp_path / "d2.pth")
    our_detector.write_weights("VGG-16", tmp_path / "ours.pth")
    assert checkpoint.load(tmp_path / "d2.pth").foreign
    assert not checkpoint.load(tmp_path / "ours.pth").foreign
