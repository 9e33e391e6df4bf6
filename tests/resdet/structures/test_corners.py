"""The ways to count corners, and what a folder has."""

import numpy as np
import pytest

from resdet.config import own_keys
from resdet.structures.boxes import from_voc, to_voc
from resdet.structures.corners import AUTO, CHOICES, OFFSETS, VOC, Corners

BOX = [100.0, 50.0, 200.0, 150.0]
WRITTEN = {
    "1-inclusive": [101, 51, 200, 150],
    "0-continuous": [100, 50, 200, 150],
    "1-continuous": [101, 51, 201, 151],
    "0-inclusive": [100, 50, 199, 149],
}


@pytest.mark.parametrize("way", OFFSETS)
def test_one_box_written_in_four_ways(way):
    rows = np.array([WRITTEN[way]], np.float64)
    assert from_voc(rows, way).tolist() == [BOX]
    assert to_voc(np.array([BOX]), way).tolist() == rows.tolist()


def test_the_key_and_the_option_have_the_same_choices():
    (row,) = (key for key in own_keys.KEYS if key.name == "DATASETS.VOC_CORNERS")
    assert row.allowed == CHOICES
    assert row.default == AUTO


def test_one_way_for_all_or_that_of_each_writer():
    assert Corners("0-inclusive", ", as said").of("any") == "0-inclusive"
    mixed = Corners(AUTO, ", each file its own", by_writer={"a": "0-continuous"})
    assert (mixed.of("a"), mixed.of("b")) == ("0-continuous", VOC)
    assert str(mixed) == "mixed, each file its own"


def test_what_is_said_goes_before_the_files_which_are_told_where_they_say_another():
    judged = Corners(VOC, ", as x writes them")
    assert str(judged.overruled(VOC, "as said")) == "1-inclusive, as said"
    other = judged.overruled("0-inclusive", "as said")
    assert other.way == "0-inclusive"
    told = "0-inclusive, as said; the files say 1-inclusive, as x writes them"
    assert str(other) == told
    again = other.overruled("0-continuous", "as kept")
    assert str(again) == "0-continuous, as kept; the files say 1-inclusive, as x writes them"
    guessed = Corners(VOC, ", assumed", assumed=True)
    assert str(guessed.overruled("0-inclusive", "as kept")) == "0-inclusive, as kept"
