"""One annotation file, without trust in it."""

import pytest

from resdet.data.validate import Faults
from resdet.data.voc.xml import read_annotation

CORNERS = "<xmin>1</xmin><ymin>2.5</ymin><xmax>30</xmax><ymax>4</ymax>"
BOX = f"<bndbox>{CORNERS}</bndbox>"


@pytest.fixture
def read(tmp_path):
    """`read(body)`: what is in <annotation>body</annotation>, and the faults."""

    def read_body(body):
        faults = Faults("data")
        (tmp_path / "a.xml").write_text(f"<annotation>{body}</annotation>")
        return read_annotation(tmp_path / "a.xml", faults), faults.found

    return read_body


def test_corners_are_as_written_and_tags_may_be_missing(read):
    body = (
        f"<object><name> cat </name>{BOX}</object><object>{BOX}<difficult>True</difficult></object>"
    )
    found, faults = read(body)
    assert faults == []
    assert found.names == ["cat", ""]
    assert found.corners == [[1, 2.5, 30, 4]] * 2
    assert found.difficult == [False, True]
    assert found.size is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("<height>40</height><width>60.0</width>", (40, 60)),
        ("<height>0</height><width>60</width>", None),
        ("<width>60</width>", None),
    ],
)
def test_a_size_of_zero_is_unknown(read, size, expected):
    assert read(f"<size>{size}</size>")[0].size == expected


@pytest.mark.parametrize("number", ["1_0", "nan", "1e300", "three", ""])
def test_what_is_no_number_is_told_and_the_others_stay(read, number):
    bad = BOX.replace("<xmin>1<", f"<xmin>{number}<")
    found, (fault,) = read(f"<object>{bad}</object><object>{BOX}</object>")
    assert len(found.names) == 1
    assert "a.xml, object 1: bndbox must be four numbers xmin ymin xmax ymax, got" in fault


def test_a_size_that_no_image_has_is_a_fault(read):
    found, (fault,) = read("<size><height>1e300</height><width>9</width></size>")
    assert found.size is None
    assert "size must be in pixels" in fault


def test_no_file_and_no_xml(tmp_path):
    faults = Faults("data")
    assert read_annotation(tmp_path / "none.xml", faults) is None
    (tmp_path / "a.xml").write_text("<annotation>")
    assert read_annotation(tmp_path / "a.xml", faults) is None
    assert "must be the annotation of a listed image, got no file" in faults.found[0]
    assert "must be plain XML, got" in faults.found[1]


@pytest.mark.parametrize(
    ("attributes", "angle"),
    [
        ("<attribute><name>rotation</name><value>90.0</value></attribute>", 90),
        ("<attribute><name>kept</name><value>1</value></attribute>", 0),
        ("<attribute><name>rotation</name></attribute>", 0),
        ("", 0),
    ],
)
def test_the_angle_of_an_object(read, attributes, angle):
    body = f"<object>{BOX}<attributes>{attributes}</attributes></object><object>{BOX}</object>"
    assert read(body)[0].angles == [angle, 0]


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "a.xml").touch()
    faults = Faults("data")
    assert read_annotation(tmp_path / "a.xml", faults) is None
    assert faults.found == [
        f"{tmp_path}/a.xml must be plain XML, got an empty file; repair the file"
    ]
