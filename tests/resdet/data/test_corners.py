"""The corners of several datasets."""

from pathlib import Path

import pytest

from resdet.data.corners import told_of_corners, way_of
from resdet.structures.corners import AUTO, Corners
from resdet.structures.records import Dataset


def data(way, kind="voc"):
    corners = Corners(way, ", as x") if way else None
    return Dataset(f"of {way}", kind, ("cat",), (), Path("x"), corners=corners)


@pytest.mark.parametrize(
    ("ways", "way"),
    [
        (["0-continuous", "0-continuous"], "0-continuous"),
        (["0-continuous", "1-inclusive"], AUTO),
        (["0-continuous", AUTO], AUTO),
        (["0-continuous", ""], "0-continuous"),
        (["", ""], AUTO),
        ([], AUTO),
    ],
)
def test_one_way_for_a_run_where_its_data_have_one(ways, way):
    assert way_of([data(each) for each in ways]) == way


def test_datasets_that_are_counted_alike_are_told_in_one_line():
    one, other, coco = data("0-inclusive"), data("1-inclusive"), data("", "coco")
    assert told_of_corners([coco]) == []
    assert told_of_corners([one, one, coco]) == ["corners: 0-inclusive, as x"]
    assert told_of_corners([one, other, one]) == [
        "corners of of 0-inclusive, of 0-inclusive: 0-inclusive, as x",
        "corners of of 1-inclusive: 1-inclusive, as x",
    ]
