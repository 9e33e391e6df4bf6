"""CVAT's shapes as boxes."""

import xml.etree.ElementTree as ET

import pytest

from resdet.data.cvat.shapes import thing_of


def thing(text):
    return thing_of(ET.fromstring(text))


def test_a_box_is_continuous_from_0_and_corners_may_be_swapped():
    one = thing('<box label=" white cell " xtl="100.25" ytl="50.50" xbr="199.75" ybr="0"/>')
    assert (one.name, one.box) == ("white cell", (100.25, 0, 199.75, 50.5))
    assert (one.shape, one.angle, one.attributes) == (False, 0, {})


def test_attributes_and_turn():
    one = thing(
        '<box label="a" occluded="1" rotation="30.5" xtl="0" ytl="0" xbr="9" ybr="9">'
        '<attribute name="Difficult">1</attribute><attribute name="colour">red</attribute>'
        '<attribute name="wet">false</attribute></box>'
    )
    assert one.angle == 30.5
    assert one.attributes == {"occluded": 1, "difficult": True, "colour": "red", "wet": False}


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ('<polygon label="a" points="1.5,2;30,4;5,60"/>', (1.5, 2, 30, 60)),
        ('<ellipse label="a" cx="50" cy="40" rx="20" ry="10"/>', (30, 30, 70, 50)),
        ('<ellipse label="a" cx="50" cy="40" rx="20" ry="10" rotation="90"/>', (40, 20, 60, 60)),
        ('<mask label="a" rle="0, 12" left="7" top="3" width="4" height="3"/>', (7, 3, 11, 6)),
        # as large as the image: two pixels of the second row, one of the third
        ('<mask label="a" rle="5,2,2,1,2" left="0" top="0" width="4" height="3"/>', (1, 1, 3, 3)),
        # a run that goes on in the next row is as wide as the mask
        ('<mask label="a" rle="3,2,7" left="0" top="0" width="4" height="3"/>', (0, 0, 4, 2)),
        ('<mask label="a" left="7" top="3" width="4" height="3"/>', (7, 3, 11, 6)),
    ],
)
def test_the_box_around_a_shape(text, box):
    one = thing(text)
    assert one.box == pytest.approx(box, abs=1e-9)
    assert one.shape


@pytest.mark.parametrize("tag", ["points", "polyline", "cuboid", "skeleton"])
def test_what_has_no_box(tag):
    assert thing(f'<{tag} label="a" points="1,2;3,4"/>') is None


@pytest.mark.parametrize(
    "text",
    [
        '<box label="a" xtl="1" ytl="2" xbr="3"/>',
        '<box label="a" xtl="1_0" ytl="2" xbr="3" ybr="9"/>',
        '<box label="a" xtl="nan" ytl="2" xbr="3" ybr="9"/>',
        '<polygon label="a" points="1,2;3"/>',
        '<polygon label="a" points="1,2;3,x"/>',
        '<mask label="a" rle="12" left="0" top="0" width="4" height="3"/>',
    ],
)
def test_numbers_that_are_none(text):
    with pytest.raises(ValueError, match="must have numbers of pixels, got {'label': 'a'"):
        thing(text)


@pytest.mark.parametrize("label", ["", 'label=" "'])
def test_an_object_must_have_a_label(label):
    with pytest.raises(ValueError, match="box must have a label, got (None|' ')"):
        thing(f'<box {label} xtl="1" ytl="2" xbr="3" ybr="9"/>')
