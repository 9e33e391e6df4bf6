"""LabelMe's shapes as boxes."""

import pytest

from resdet.data.labelme.shapes import thing_of


def shape(kind, *points, **words):
    return {"label": " cat ", "points": [list(p) for p in points], "shape_type": kind, **words}


@pytest.mark.parametrize(
    ("one", "box"),
    [
        (shape("rectangle", (30.5, 4), (1, 20)), (1, 4, 30.5, 20)),
        (shape("rectangle", (1, 4), (30, 4), (30, 20), (1, 20)), (1, 4, 30, 20)),
        (shape("polygon", (1.5, 2), (30, 4), (5, 60)), (1.5, 2, 30, 60)),
        ({"label": "cat", "points": [[1, 2], [3, 9], [0, 5]]}, (0, 2, 3, 9)),
        (shape("circle", (50, 40), (53, 44)), (45, 35, 55, 45)),
        (shape("oriented_rectangle", (5, 0), (9, 4), (4, 9), (0, 5)), (0, 0, 9, 9)),
        (shape("mask", (3, 4), (9, 12), mask="iVBOR"), (3, 4, 10, 13)),
    ],
)
def test_the_box_around_a_shape(one, box):
    found = thing_of(one)
    assert (found.name, found.box) == ("cat", pytest.approx(box))
    assert found.shape == (one.get("shape_type") != "rectangle")


@pytest.mark.parametrize("kind", ["point", "points", "line", "linestrip"])
def test_what_has_no_box(kind):
    assert thing_of(shape(kind, (1, 2), (3, 4))) is None


def test_flags_that_are_set():
    corners = (1, 2), (3, 4)
    found = thing_of(shape("rectangle", *corners, flags={"wet": True, "dry": False}))
    assert found.attributes == {"wet": True}
    assert thing_of(shape("rectangle", *corners, flags=None)).attributes == {}
    assert thing_of(shape("rectangle", *corners, difficult=True)).attributes == {"difficult": True}


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (shape("rectangle", (1, 2)), r"points of a rectangle must be pairs of pixels, got \[\[1, "),
        (shape("polygon"), "points of a polygon must be pairs of pixels, got"),
        (shape("polygon", (1, 2, 3)), "points of a polygon must be pairs"),
        (shape("polygon", (1, float("nan"))), "points of a polygon must be pairs"),
        ({"label": "cat", "points": "1 2"}, "points of a polygon must be pairs"),
        ({"label": None, "points": [[1, 2]]}, "label must be the name of a class, got None"),
        ({"label": " ", "points": [[1, 2]]}, "label must be the name of a class, got ' '"),
    ],
)
def test_what_is_no_shape(one, told):
    with pytest.raises(ValueError, match=told):
        thing_of(one)
