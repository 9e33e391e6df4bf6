"""Cost along each axis of detection, at a small size."""

import pytest

from resdet.benchmarks.scaling import AXES, DETECTION_AXES, benchmark_scaling

SMALL = {"size": 64, "batch": 1, "proposals": 5, "classes": 3, "images": 5, "per_image": 2}


@pytest.mark.parametrize("name", DETECTION_AXES)
def test_every_axis_builds(name):
    axis = DETECTION_AXES[name]
    small = {key: SMALL.get(key, value) for key, value in axis.fixed.items()}
    axis.build(**small)()


def test_costs_grow_with_the_work():
    axes = ["detection, proposals", "scoring, images"]
    values = {"detection, proposals": (10, 40), "scoring, images": (20, 80)}
    measured = benchmark_scaling(axes, values=values)
    proposals, images = (measured["axes"][axis] for axis in axes)
    assert proposals["work"][1] > 1.2 * proposals["work"][0]
    assert images["work"] == [20, 80]
    assert images["seconds"][1] > images["seconds"][0] > 0


def test_an_axis_that_is_none():
    assert set(DETECTION_AXES) < set(AXES)
    with pytest.raises(ValueError, match=r"axes must be among image size, .*, got colour"):
        benchmark_scaling(["colour"])
