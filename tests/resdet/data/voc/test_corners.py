"""How a folder counts, told right, with no false alarm on what the devkit writes."""

import numpy as np
import pytest

from resdet.data.validate import Faults
from resdet.data.voc.corners import corners_of, judge
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.reader import load_voc
from resdet.data.voc.xml import read_annotation
from resdet.structures.boxes import to_voc
from resdet.structures.corners import AUTO
from tests.resdet.data.voc import tools

INSIDE = [[20 + n, 30 + n, 60 + 2 * n, 90 + n] for n in range(12)]


@pytest.fixture
def judged(tmp_path):
    """Of texts, each one file."""

    def judge_all(texts):
        faults, found = Faults(""), {}
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.xml").write_text(text)
            found[str(number)] = read_annotation(tmp_path / f"{number}.xml", faults)
        assert faults.found == []
        return judge(found)

    return judge_all


@pytest.mark.parametrize("name", tools.TOOLS)
def test_boxes_of_each_tool_are_where_they_were_drawn(tmp_path, lay, name):
    write, way, cut_off = tools.TOOLS[name]
    for stem, box in tools.BOXES.items():
        lay.picture(tmp_path / f"{stem}.jpg")
        (tmp_path / f"{stem}.xml").write_text(write(box))
    data = load_voc(tmp_path, "all")
    assert data.corners.way == way
    assert f", as {name}" in data.corners.why
    assert not data.corners.assumed
    for record in data.records:
        error = record.ground_truth.boxes[0] - tools.BOXES[str(record.image_id)]
        assert np.abs(error).max() <= cut_off


def test_the_line_tells_the_writer_and_its_traces(judged):
    assert str(judged(map(tools.labelimg, tools.BOXES.values()))) == (
        "0-continuous, as labelImg writes them: tabs, path, truncated at the border in 4 of 4"
    )


def test_labelimgs_tags_with_flags_of_their_own_are_not_labelimgs(judged):
    border = [tools.of_template([1, 1, 640, 480], 0, "\n\t")] * 3
    corners = judged([*border, *map(tools.labelimg, INSIDE[:9])])
    assert corners.way == "1-inclusive"
    assert corners.why.startswith(", by near corners: 0 at 0, 6 at 1")


@pytest.mark.parametrize("change", [tools.indented, tools.without_path])
def test_labelimgs_boxes_are_told_by_what_it_calls_truncated_whoever_saved_them(judged, change):
    border = [change(tools.labelimg([0, 0, 640, 480]))] * 3
    inside = [change(tools.labelimg(box)) for box in INSIDE]
    corners = judged([*border, *inside])
    assert corners.way == "0-continuous"
    assert str(corners).endswith("database Unknown, no 0, truncated at the border in 15 of 15")
    assert judged([*border[:2], *inside]).assumed
    own = judged([*inside, *map(tools.labelimg, INSIDE)])
    assert (own.way, own.assumed) == ("0-continuous", False)
    unmarked = change(tools.of_template([1, 1, 640, 480], 0, "\n\t"))
    told = judged([*border, unmarked, *inside])
    assert (told.way, told.assumed) == ("1-inclusive", False)


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("write", [tools.devkit, tools.plain])
def test_no_false_alarm_on_what_is_written_by_the_devkits_rules(judged, write, border):
    for seed in range(20):
        boxes = random_boxes(seed, border)
        corners = judged(write(ints(row)) for row in to_voc(boxes))
        assert corners.way == "1-inclusive"
        assert corners.assumed == (write is tools.plain and ", by" not in corners.why)


@pytest.mark.parametrize(
    ("write", "way"),
    [
        (tools.devkit, "0-continuous"),
        (tools.devkit, "0-inclusive"),
        (tools.devkit, "1-continuous"),
        (tools.plain, "0-continuous"),
        (tools.plain, "0-inclusive"),
        (tools.plain, "1-continuous"),
    ],
)
def test_other_counts_are_told_by_boxes_at_the_border(judged, write, way):
    for seed in range(20):
        boxes = random_boxes(seed, border=True)
        assert judged(write(ints(row)) for row in to_voc(boxes, way)).way == way


def test_few_at_0_by_chance_are_enough_and_slips_are_not(judged):
    chance = [[0, 9, 50, 50], [1, 1, 50, 60], [9, 1, 70, 80]]
    corners = judged(map(tools.plain, [*INSIDE, *chance]))
    assert corners.way == "0-continuous"
    assert corners.why.startswith(", by near corners: 1 at 0, 3 at 1; far corners: 0 one below")
    many = [[1, 1, 640, 480]] * 6
    assert judged(map(tools.plain, [*INSIDE, *many, [0, 9, 50, 50]])).way == "1-inclusive"
    over = judged(map(tools.plain, [*INSIDE, [5, 5, 641, 50], *many]))
    assert str(over).startswith("1-inclusive, by near corners: 0 at 0, 12 at 1; ")
    both = judged(map(tools.plain, [*INSIDE, *many[:3], *[[5, 5, 641, 50]] * 3]))
    assert (both.way, both.assumed) == ("1-inclusive", True)
    three = [[5, 5, 639, 50]] * 3
    assert judged(map(tools.plain, [*INSIDE, *three, [0, 9, 50, 50]])).way == "0-continuous"
    # one below the size, but no more than two below it
    near_end = [[5, 5, 639, 50]] * 6 + [[5, 5, 638, 50]] * 6
    assert judged(map(tools.plain, [*INSIDE, *near_end, [0, 9, 50, 50]])).way == "0-continuous"


def test_where_nothing_tells_it_says_so_and_what_it_assumed(judged):
    corners = judged(map(tools.plain, INSIDE))
    assert corners.assumed
    assert str(corners) == (
        "1-inclusive, VOC's own, assumed: nothing in the files tells; --voc-corners says another"
    )
    corners = judged(map(tools.supervision, INSIDE))
    assert corners.assumed
    assert "of which version nothing tells; up to 0.31.1 it is 1-continuous" in corners.why
    late = [tools.supervision(tools.BOXES["b"])] * 11
    told = str(judged([*late, tools.old_supervision(tools.BOXES["d"])]))
    assert told.startswith("1-inclusive, as supervision from 0.31.2 on writes them: ")
    assert told.endswith("far corners: 22 at the size, 2 one beyond")
    empty = judged(["<annotation></annotation>"])
    assert str(empty) == "1-inclusive, assumed: there are no boxes"


def test_files_of_several_tools_are_each_read_as_their_own_counts(tmp_path, lay):
    writers = [tools.labelimg, tools.devkit, tools.plain] * 4
    for number, write in enumerate(writers):
        lay.picture(tmp_path / f"{number}.jpg")
        (tmp_path / f"{number}.xml").write_text(write([10, 10, 20, 30]))
    data = load_voc(tmp_path, "all")
    assert data.corners.way == AUTO
    told = str(data.corners)
    assert told.startswith("mixed, each file its own: 0-continuous, as labelImg writes them: ")
    assert "(4 files, as 0.xml)" in told
    assert "; 1-inclusive, as the devkit writes them: " in told
    assert "; 1-inclusive, VOC's own, assumed: nothing in the files tells" in told
    found = {str(r.image_id): r.ground_truth.boxes[0].tolist() for r in data.records}
    for number, write in enumerate(writers):
        near = 10 if write is tools.labelimg else 9
        assert found[str(number)] == [near, near, 20, 30]


def test_a_file_that_bears_a_writers_tags_in_part_counts_as_nobodys(tmp_path, lay):
    unmarked = [tools.of_template([1, 1, 640, 480], 0, "\n\t")]
    texts = [*unmarked, tools.plain([0, 9, 50, 50]), tools.devkit([10, 10, 20, 30])]
    for number, text in enumerate(texts):
        lay.picture(tmp_path / f"{number}.jpg")
        (tmp_path / f"{number}.xml").write_text(text)
    data = load_voc(tmp_path, "all")
    assert data.corners.way == AUTO
    found = {str(r.image_id): r.ground_truth.boxes[0].tolist() for r in data.records}
    assert found == {"0": [1, 1, 640, 480], "1": [0, 9, 50, 50], "2": [9, 9, 20, 30]}


def test_tools_that_count_alike_are_told_together(judged):
    corners = judged([tools.cvat(INSIDE[0]), tools.datumaro(INSIDE[1])])
    assert corners.way == "0-continuous"
    assert str(corners).startswith("0-continuous, as CVAT writes them: ")
    assert "(0.xml); as datumaro writes them" in str(corners)


def test_few_files_without_a_trace_are_taken_as_all_others(judged):
    few = judged([*map(tools.labelimg, INSIDE), tools.plain(INSIDE[0])])
    assert few.way == "0-continuous"
    assert "as all others here, without a trace in 12.xml" in str(few)
    more = judged([*map(tools.labelimg, INSIDE), *map(tools.plain, INSIDE[:2])])
    assert more.way == AUTO
    assert more.of("") == "1-inclusive"


def test_all_files_of_a_folder_are_asked_whatever_is_read(write_voc):
    bodies = {"a": tools.plain([5, 5, 9, 9]), "b": tools.plain([0, 0, 60, 40])}
    inner = {stem: body.split(">", 1)[1].rsplit("<", 1)[0] for stem, body in bodies.items()}
    root = write_voc(inner, listing="a\n")
    assert corners_of(voc_layout(root), {}).way == "0-continuous"
    assert load_voc(root, "train").records[0].ground_truth.boxes.tolist() == [[5, 5, 9, 9]]
    told = load_voc(root, "train", corners="1-continuous")
    assert told.records[0].ground_truth.boxes.tolist() == [[4, 4, 8, 8]]


def ints(row):
    return [int(value) for value in row]


def random_boxes(seed, border):
    """Whole pixels, at least two wide; some cut by the border, or none near it."""
    rng = np.random.default_rng(seed)
    near = rng.integers(-40 if border else 3, (560, 400), (60, 2))
    far = near + rng.integers(2, 200, (60, 2))
    limits = np.array([640, 480]) - (0 if border else 3)
    near, far = near.clip(0 if border else 3), np.minimum(far, limits)
    sound = (far - near > 1).all(axis=1)
    return np.concatenate([near, far], axis=1)[sound].astype(np.float64)
