"""Ten crops, scales and ensembles, each worked out by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from backbones.evaluation.classes import match_classes
from backbones.evaluation.crops import evaluate_one_crop, single_crop, ten_crops
from backbones.evaluation.dense import FullyConvolutional, scaled_views, scales_for
from backbones.evaluation.ensemble import check_same_classes, mean_scores
from backbones.evaluation.scores import evaluate_scores, group_views, mean_over_views
from backbones.features import Classifier, StageInfo

WNIDS = ("n01440764", "n01443537", "n01484850")


def red(rows):
    """An image whose red is `rows`."""
    image = np.zeros((*np.shape(rows), 3), np.uint8)
    image[..., 0] = rows
    return image


def to_input(images):
    return images.permute(0, 3, 1, 2).float()


def score(power):
    """Softmax of (power * ln 2, 0) at the first class."""
    return Fraction(2**power, 2**power + 1)


def top_left(x):
    """A linear network: the first logit is the top left red pixel times ln 2."""
    first = x[:, 0, 0, 0] * math.log(2)
    return torch.stack((first, torch.zeros_like(first)), 1)


class Shifting(Classifier):
    """Moves the image left by one pixel, sees its red channel only: a flip changes its mind."""

    classifier_names = ("fc",)

    def __init__(self):
        super().__init__({"only": nn.ZeroPad2d((-1, 1, 0, 0))}, {"only": StageInfo("only", 3, 1)})
        self.fc = nn.Linear(3, 2)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)
        self.fc.weight.data[0, 0] = math.log(2)


def test_ten_crops_give_the_mean_of_their_scores():
    rows = np.full((4, 6), 7)  # 2x2 crops; what no crop has at its top left counts for nothing
    corners = {(0, 0): 0, (0, 4): 1, (2, 0): 2, (2, 4): 3, (1, 2): 4}
    flipped = {(0, 1): 1, (0, 5): 2, (2, 1): 3, (2, 5): 0, (1, 3): 5}
    for place, value in (corners | flipped).items():
        rows[place] = value
    views = ten_crops(red(rows), size=2, shorter_side=4)
    assert [x.shape for x in views] == [(10, 2, 2, 3)]
    for pixels_at_once in (1, 12, 1000):
        found = mean_over_views(
            top_left, group_views([views]), to_input, pixels_at_once=pixels_at_once
        )
        expected = sum(score(p) for p in (*corners.values(), *flipped.values())) / 10
        assert found[0].tolist() == pytest.approx([float(expected), float(1 - expected)], abs=1e-7)


def test_scales_and_flips_give_the_mean_of_their_scores():
    """The window is 2x2. Places of columns (8, 0, 0): 4, 0; flipped (8, 4, 0): 6, 2."""
    dense = FullyConvolutional(Shifting(), 2)
    small = red([[4, 8, 0], [4, 8, 0]])
    large = red(np.full((3, 3), 4))  # columns (4, 4, 0), flipped too: places 4, 2
    views = tuple(np.stack((x, x[:, ::-1])) for x in (small, large))
    dark = tuple(np.zeros((2, n, n, 3), np.uint8) for n in (2, 3))
    found = mean_over_views(dense, group_views([views, dark]), to_input, pixels_at_once=1000)
    expected = (score(2) + score(4) + score(3) + score(3)) / 4
    assert found[:, 0].tolist() == pytest.approx([float(expected), 0.5], abs=1e-7)


def test_views_of_an_image():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    (single,) = single_crop(image, size=2, shorter_side=4)
    assert (single == image[None, 1:3, 2:4]).all()
    whole = scaled_views(image, scales=(4, 8))
    assert [x.shape for x in whole] == [(2, 4, 6, 3), (2, 8, 12, 3)]
    assert (whole[0][0] == image).all()
    assert (whole[0][1] == image[:, ::-1]).all()
    assert scales_for(224) == (224, 256, 384, 480, 640)
    assert scales_for(32) == (32, 37, 55, 69, 91)


def test_mean_of_networks_and_of_one_with_itself():
    a, b = torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[0.25, 0.75], [0.0, 1.0]])
    (mean,) = mean_scores([[a], [b]])
    assert mean.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    (own,) = mean_scores([[b], [b], [b]])
    assert torch.equal(own, b)


def test_errors_of_batches_in_order():
    batches = [torch.eye(6)[:4], torch.eye(6)[4:]]
    labels = torch.tensor([0, 1, 2, 0, 4, 4])  # 0 is second for image 3; 4 the last for image 5
    errors = evaluate_scores(iter(batches), labels)
    assert errors == pytest.approx({"top1_error": 100 / 3, "top5_error": 100 / 6})


def test_one_crop_of_batches():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(3, 3, bias=False))
    model[2].weight.data = torch.eye(3)
    images = torch.zeros(4, 1, 1, 3, dtype=torch.uint8)
    images[range(4), 0, 0, [0, 1, 2, 2]] = 1
    batches = [(images[:3], torch.tensor([0, 1, 1])), (images[3:], torch.tensor([2]))]
    assert evaluate_one_crop(model, batches, to_input)["top1_error"] == 25


def test_classes_by_name():
    match = match_classes(("cat", "dog", "emu"), 3, ("emu", "cat"), source="w", data="d")
    assert (match.labels, match.note) == ((2, 0), "")
    for lacking in (("ape", "dog", "yak"), ("dog", "ape", "yak", "cat")):
        with pytest.raises(
            ValueError, match=r"classes of d must be among the 3 of w, got also \['ape', 'yak'\]"
        ):
            match_classes(("cat", "dog", "emu"), 3, lacking, source="w", data="d")
    with pytest.raises(ValueError, match=r"got also \['crane'\]"):  # the bird or the machine
        match_classes(("crane", "crane"), 2, ("crane",), source="w", data="d")


@pytest.mark.parametrize(
    ("trained", "found"),
    [(("tench", "goldfish", "shark"), WNIDS), ((), ("a", "b", "c")), (WNIDS, ("0", "1", "2"))],
)
def test_classes_in_order_where_names_cannot_tell(trained, found):
    match = match_classes(trained, 3, found, source="w", data="d")
    assert (match.class_names, match.labels) == (found, (0, 1, 2))
    assert match.note == "w names its 3 classes otherwise or not: those of d in order"
    with pytest.raises(ValueError, match="d must have all 3 classes of w, .* got 2; give"):
        match_classes(trained, 3, found[:2], source="w", data="d")


def test_classes_of_an_ensemble_must_agree():
    check_same_classes([("a", ("cat", "dog")), ("b", ("cat", "dog"))])
    text = (
        "must be those of a, got b: class 0 is 'dog', not 'cat'; b: class 1 is 'cat', not 'dog'; "
        "c: 1 classes, not 2; leave out"
    )
    with pytest.raises(ValueError, match=text):
        check_same_classes([("a", ("cat", "dog")), ("b", ("dog", "cat")), ("c", ("cat",))])
