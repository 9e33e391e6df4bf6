"""From deltas and probabilities to detections, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resdet.modeling.predictions import (
    Predictions,
    candidates,
    clip,
    decode,
    sizeable,
    suppress,
    to_size,
)


def test_deltas_are_undone_in_units_of_the_box() -> None:
    deltas = torch.tensor([[1.0, 2, 5 * np.log(2), 0, 0, 0, 1000, 0]])
    found = decode(torch.tensor([[10.0, 10, 20, 30]]), deltas, (10, 10, 5, 5))
    assert found[0, 0].tolist() == pytest.approx([6, 14, 26, 34])
    assert (found[0, 1, 2] - found[0, 1, 0]).item() == pytest.approx(625)  # 10 * 1000 / 16


def test_candidates_and_suppression() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 10]], [[0, 0, 10, 11], [30, 0, 40, 9]]])
    scores = torch.tensor([[0.5, 0.4, 0.1], [0.6, 0.3, 0.1]])
    found = candidates(Predictions(boxes, scores), (20, 20), 0.35)
    assert found[0].tolist() == [[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 11]]
    assert found[1].tolist() == [0, 1, 0]
    best = suppress(found, 0.5, 100)
    assert best[1].tolist() == [0, 1]
    assert best[2].tolist() == pytest.approx([0.6, 0.4])
    assert len(suppress(found, 0.95, 2)[0]) == 2


def test_boxes_at_another_size_and_inside_the_image() -> None:
    boxes = torch.tensor([[-5.0, 2, 30, 8]])
    assert to_size(boxes, (10, 20), (10, 20)) is boxes
    assert to_size(boxes, (10, 20), (20, 60)).tolist() == [[-15, 4, 90, 16]]
    assert clip(boxes, (5, 20)).tolist() == [[0, 2, 20, 5]]
    sides = torch.tensor([[0.0, 0, 0.02, 1], [0, 0, 0.005, 1], [3, 3, 3, 9]])
    assert sizeable(sides).tolist() == [True, False, False]


def test_what_is_not_finite_is_no_candidate() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10]], [[0, 0, float("nan"), 10]], [[0, 0, 10, 10]]])
    scores = torch.tensor([[0.9, 0.1], [0.9, 0.1], [float("nan"), 0.1]])
    found = candidates(Predictions(boxes, scores), (20, 20), 0.5)
    assert [column.tolist() for column in found[:2]] == [[[0, 0, 10, 10]], [0]]
