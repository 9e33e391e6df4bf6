"""The benchmark of a detector's input at a small size."""

import random

import pytest

from resdet.benchmarks import input as benchmark


def test_both_ways_yield_images_of_one_size(tmp_path):
    random.seed(0)
    paths = benchmark.draw_images(tmp_path, 25)
    records = [benchmark._record(benchmark.Path(path)) for path in paths[:3]]
    ways = benchmark._ways(records, 300)
    shapes = [[tuple(image.shape) for image in ways[name].batches()] for name in list(ways)[:2]]
    assert shapes[0] == shapes[1] == [(3, 400, 300), (3, 300, 400), (3, 300, 400)]
    measured = benchmark.benchmark_detection_input(tmp_path, rounds=1, sizes=(100,))
    found = measured["shorter_side"]["100"]
    assert measured["images"] == {"source": "folder", "count": 25}
    assert found["ratio"]["torchvision, PIL"] == 1
    speeds = found["images_per_second"]
    assert found["ratio"]["resdet"] == pytest.approx(
        speeds["resdet"] / speeds["torchvision, PIL"], rel=0.02
    )
