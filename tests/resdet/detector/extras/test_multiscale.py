"""Regions at two scales, and views merged."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from resdet.detector.extras.multiscale import describe, first_of_pair, merge, mirrored
from resdet.structures.records import Detections


def test_regions_choose_two_adjacent_scales() -> None:
    box = torch.tensor([[0.0, 0, 10, 10], [0, 0, 40, 40], [0, 0, 20, 80], [0, 0, 500, 500]])
    at = [box * 0.5, box, box * 2, box * 4]
    # side 40 at the scales 20, 40, 80, 160: the middles of the pairs are 28, 57, 113
    assert first_of_pair(at, 56).tolist() == [2, 1, 1, 0]


def test_the_larger_number_of_two_scales_is_taken() -> None:
    """A head that answers with the size of its view and with its negative."""

    class Sized:
        input = SimpleNamespace(shorter_side=100)
        describe = staticmethod(
            lambda view, boxes: torch.tensor([[view.size[0], -view.size[0]]]).repeat(len(boxes), 1)
        )

    views = [SimpleNamespace(size=(s, s)) for s in (50, 100, 200)]
    boxes = torch.tensor([[0.0, 0, 90, 90], [0, 0, 10, 10], [5, 5, 9, 9]])
    found = describe(Sized(), views, boxes, (100, 100))
    assert found.tolist() == [[100, -50], [200, -100], [200, -100]]
    assert describe(Sized(), views, boxes[:0], (100, 100)).shape == (0, 2)


def test_views_are_merged_and_mirrors_undone() -> None:
    found = torch.tensor([[10.0, 1, 30, 5]]), torch.tensor([2]), torch.tensor([0.5])
    assert mirrored(found, (50, 100))[0].tolist() == [[70, 1, 90, 5]]
    one = Detections("a", [[0, 0, 10, 10], [50, 0, 60, 10]], [0, 0], [0.6, 0.3])
    two = Detections("a", [[0, 0, 10, 11], [0, 0, 10, 10]], [0, 1], [0.7, 0.4])
    assert merge([one], 0.5, 1) is one
    both = merge([one, two], 0.5, 100)
    assert both.boxes.tolist() == [[0, 0, 10, 11], [0, 0, 10, 10], [50, 0, 60, 10]]
    assert both.labels.tolist() == [0, 1, 0]
    assert len(merge([one, two], 0.5, 2)) == 2
