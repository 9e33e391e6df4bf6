"""Which tool wrote a file."""

import pytest

from backbones.files.plain_xml import parse_xml
from resdet.data.voc.writers import REWRITTEN, WRITERS, touches, writer_of
from resdet.structures.corners import OFFSETS
from tests.resdet.data.voc import tools


def writer(text):
    return writer_of(text.encode(), parse_xml(text.encode()))


@pytest.mark.parametrize("name", tools.TOOLS)
def test_each_tool_is_known_by_its_traces(name):
    write, way, _ = tools.TOOLS[name]
    for box in tools.BOXES.values():
        known = writer(write(box))
        assert known == name.split(" from")[0].split(" up")[0]
    if known != "supervision":  # whose versions differ
        assert WRITERS[known].way == way


def test_the_devkits_files_and_old_ones_of_labelimg():
    assert writer(tools.devkit([1, 1, 9, 9])) == "the devkit"
    assert writer(tools.old_labelimg([5, 5, 9, 9])) == "labelImg"


@pytest.mark.parametrize("change", [tools.indented, tools.without_path])
def test_labelimgs_files_that_another_saved_are_told_from_its_own(change):
    assert writer(change(tools.labelimg([5, 5, 9, 9]))) == REWRITTEN
    assert WRITERS[REWRITTEN].way == WRITERS["labelImg"].way


@pytest.mark.parametrize(
    "text",
    [
        tools.plain([1, 1, 9, 9]),
        tools.devkit([1, 1, 9, 9]).replace("PASCAL VOC2007", "PASCAL VOC"),  # of many scripts
        tools.of_template([0, 1, 9, 9], 0, "\n\t"),  # labelImg has no 0
        tools.of_template([1.5, 1, 9, 9], 0, "\n\t"),  # nor decimals
        tools.of_template([1, 1, 9, 9], 0, "\n\t", database="roboflow.com"),
        tools.of_template([0, 1, 9, 9], 0, "\n  "),
        tools.labelimg([5, 5, 9, 9]).replace("<truncated>", "<occluded>0</occluded><truncated>"),
        tools.supervision([5, 5, 9, 9]).replace(">VOC<", "><"),
        tools.resdet([5, 5, 9, 9]).replace("'", '"'),
        tools.pylabel([5, 5, 9, 9]).replace("<size>", "<source></source><size>"),
        "<annotation></annotation>",
    ],
)
def test_what_bears_part_of_the_traces_is_of_nobody(text):
    assert writer(text) == ""


@pytest.mark.parametrize("way", OFFSETS)
def test_a_file_may_say_how_it_counts(way):
    text = tools.labelimg([5, 5, 9, 9]).replace("<annotation>", f'<annotation corners="{way}">')
    assert writer(text) == way
    assert WRITERS[way].way == way
    assert writer(text.replace(way, "another")) == "labelImg"


def test_what_labelimg_calls_truncated():
    size = (40, 60)
    assert [touches(box, size) for box in ([1, 5, 9, 9], [5, 1, 9, 9])] == [True, True]
    assert [touches(box, size) for box in ([5, 5, 60, 9], [5, 5, 9, 40])] == [True, True]
    assert not touches([5, 5, 40, 39], size)
    assert not touches([0, 0, 1, 1], size)
    assert touches([1, 5, 9, 9], None)
    assert not touches([5, 5, 60, 40], None)
