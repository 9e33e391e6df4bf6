"""Words of messages."""

import pytest

from backbones.terminal.wording import count, near_names, nearest, nearest_first, shorten

KNOWN = ("resnet18", "resnet34", "vgg16", "SOLVER.BASE_LR")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("resnet8", "; did you mean resnet18 or resnet34?"),
        ("VGG-16", "; did you mean vgg16?"),  # in small letters
        ("SOLVER.BASELR", "; did you mean SOLVER.BASE_LR?"),
        ("elephant", ""),
    ],
)
def test_what_is_near_is_asked_for(word, told):
    assert nearest(word, iter(KNOWN)) == told


def test_no_more_and_nothing_farther_than_asked_for():
    assert near_names("resnet8", KNOWN, most=1) == ["resnet18"]
    assert near_names("resnet8", KNOWN, cutoff=0.9) == ["resnet18"]
    assert nearest("resnet8", KNOWN, most=1) == "; did you mean resnet18?"


def test_all_names_those_most_alike_first():
    assert nearest_first("vgg19", KNOWN) == ["vgg16", "resnet18", "resnet34", "SOLVER.BASE_LR"]


def test_a_list_fits_into_a_message():
    assert shorten([]) == "[]"
    assert shorten(["a", "b"], limit=2) == "['a', 'b']"
    assert shorten(["a", "b", "c"], limit=2) == "['a', 'b', ... 3 in all]"


def test_one_thing_and_many():
    assert count(1, "image") == "1 image"
    assert count(0, "image") == "0 images"
    assert count(2, "class", "classes") == "2 classes"
    assert count(12345, "object") == "12,345 objects"
    assert count(1.0, "epoch") == "1 epoch"
    assert count(1.3333, "epoch") == "1.33 epochs"
    assert count(1234.5, "epoch") == "1,234 epochs"
