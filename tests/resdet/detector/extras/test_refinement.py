"""The second look at a region, and votes on where it is."""

from __future__ import annotations

import pytest
import torch

from resdet.detector.extras.refinement import regressed, union, vote
from resdet.modeling.predictions import Predictions


def test_votes_are_weighted_by_score_within_a_class() -> None:
    kept = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([0]), torch.tensor([0.8])
    boxes = [[0, 0, 10, 10], [0, 0, 10, 12], [0, 0, 10, 30], [0, 0, 10, 12]]
    labels, scores = torch.tensor([0, 0, 0, 1]), torch.tensor([0.8, 0.4, 0.7, 0.5])
    found = vote(kept, (torch.tensor(boxes, dtype=torch.float32), labels, scores))
    assert found[0].tolist() == [pytest.approx([0, 0, 10, (0.8 * 10 + 0.4 * 12) / 1.2])]
    assert found[1:] == kept[1:]
    none = vote(tuple(c[:0] for c in kept), tuple(c[:0] for c in kept))
    assert none[0].shape == (0, 4)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_votes_keep_their_digits_in_a_lower_precision(precision: torch.dtype) -> None:
    boxes = torch.tensor([[0.0, 0, 1001.3, 777.7], [0.0, 0, 1003.3, 777.7]])
    rivals = boxes, torch.tensor([0, 0]), torch.tensor([0.9, 0.45])
    kept = tuple(column[:1] for column in rivals)
    with torch.autocast("cpu", precision):
        voted = vote(kept, rivals)[0]
    assert torch.equal(voted, vote(kept, rivals)[0])


def test_the_second_look_is_at_the_best_class_within_the_image() -> None:
    boxes = torch.tensor([[[0.0, 0, 5, 5], [-5, 2, 30, 8]], [[1, 1, 3, 3], [40, 0, 50, 9]]])
    scores = torch.tensor([[0.1, 0.2, 0.7], [0.1, 0.3, 0.6]])
    assert regressed(Predictions(boxes, scores), (10, 20)).tolist() == [[0, 2, 20, 8]]


def test_predictions_of_both_looks_stand_together() -> None:
    first = Predictions(torch.zeros(2, 1, 4), torch.zeros(2, 2))
    second = Predictions(torch.ones(1, 1, 4), torch.ones(1, 2))
    both = union(first, second)
    assert both.boxes[:, 0, 0].tolist() == both.scores[:, 1].tolist() == [0, 0, 1]
