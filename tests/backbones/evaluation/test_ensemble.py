"""Several networks as one."""

import pytest
import torch

from backbones.evaluation.ensemble import check_same_classes, mean_scores


def test_mean_of_networks_and_of_one_with_itself():
    a, b = torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[0.25, 0.75], [0.0, 1.0]])
    (mean,) = mean_scores([[a], [b]])
    assert mean.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    (own,) = mean_scores([[b], [b], [b]])
    assert torch.equal(own, b)


def test_classes_of_an_ensemble_must_agree():
    check_same_classes([("a", ("cat", "dog")), ("b", ("cat", "dog"))])
    text = (
        "must be those of a, got b: class 0 is 'dog', not 'cat'; b: class 1 is 'cat', not 'dog'; "
        "c: 1 class, not 2; leave out"
    )
    with pytest.raises(ValueError, match=text):
        check_same_classes([("a", ("cat", "dog")), ("b", ("dog", "cat")), ("c", ("cat",))])
