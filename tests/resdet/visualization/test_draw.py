"""Pixels: where lines and tags are, at every size of image."""

import numpy as np
import pytest

from resdet.visualization import draw
from resdet.visualization.draw import PALETTE, Mark, colour_of, draw_detections, draw_marks

NAMES = ["cell", "a very long class name that fits nowhere", "naïve"]


def blank(height, width):
    return np.full((height, width, 3), 128, np.uint8)


def drawn(image, boxes, labels, scores, threshold=0.0):
    scores = None if scores is None else np.array(scores)
    return draw_detections(
        image, np.array(boxes, float), np.array(labels), scores, NAMES, threshold
    )


@pytest.mark.parametrize("size", [48, 640, 4000])
def test_line_lies_on_the_border_pixels_of_the_box(size):
    q = size // 4
    out = drawn(blank(size, size), [[q, q, 3 * q, 3 * q]], [0], [0.9])
    line = out[int(2.5 * q)] != 128  # a row through the box, below the tag
    columns = np.flatnonzero(line.any(axis=1))
    assert columns.min() == q
    assert columns.max() == 3 * q - 1
    width = np.count_nonzero(columns < 2 * q)
    assert (width == 1) if size == 48 else (3 <= width <= size / 100)
    middle = out[int(2.5 * q), q + width // 2]
    assert tuple(middle.tolist()) == colour_of(0)
    assert (out[int(2.5 * q), q + width : 3 * q - width] == 128).all()  # the inside is untouched


@pytest.mark.parametrize("size", [48, 640, 4000])
def test_tag_is_legible_and_above_the_box(size):
    q = size // 2
    out = drawn(blank(size, size), [[2, q, size, size]], [0], [0.9])
    above = (out[:q] == colour_of(0)).all(axis=2)
    rows, columns = np.nonzero(above)
    assert rows.max() == q - 1
    assert 6 <= rows.max() - rows.min() <= max(20, size / 20)
    assert columns.min() == 2
    assert (out[rows.min() : q, columns.min() : columns.max()] == 0).any()  # black text on it


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 200), (48, 64), (500, 20)])
@pytest.mark.parametrize(
    "box", [[0, 0, 1, 1], [-50, -50, 9000, 9000], [63, 47, 64, 48], [9, 9, 9, 9]]
)
def test_any_box_on_any_image(height, width, box):
    image = blank(height, width)
    out = drawn(image, [box, box], [1, 2], [0.5, 0.6])
    assert out.shape == image.shape
    assert (out != 128).any()
    assert (image == 128).all()


def test_a_long_name_is_cut_at_the_border_of_the_image():
    style = draw._Style(blank(60, 80))
    tag = style.place(np.array([70, 50, 80, 60.0]), NAMES[1], [])
    assert 0 <= tag.left <= tag.right < 80
    assert 0 <= tag.top <= tag.bottom < 60
    assert NAMES[1].startswith(tag.text)
    assert 3 < len(tag.text) < len(NAMES[1])


def test_tags_avoid_each_other():
    style = draw._Style(blank(480, 640))
    box = np.array([100, 100, 300, 300.0])
    tags = []
    for _ in range(8):
        tags.append(style.place(box, "cell", tags))
    assert not any(a.meets(b) for i, a in enumerate(tags) for b in tags[:i])
    assert style.place(box, "cell", tags) is None  # and the box goes without


def test_threshold_keeps_equal_scores_and_the_surest_is_on_top():
    box = [20, 200, 600, 460]
    assert (drawn(blank(480, 640), [box], [0], [0.49], 0.5) == 128).all()
    assert (drawn(blank(480, 640), [box], [0], [0.5], 0.5) != 128).any()
    out = drawn(blank(480, 640), [box, box], [0, 2], [0.9, 0.3])
    assert tuple(out[400, 21].tolist()) == colour_of(0)
    out = drawn(blank(480, 640), [box, box], [0, 2], [0.3, 0.9])
    assert tuple(out[400, 21].tolist()) == colour_of(2)


def test_ground_truth_has_no_scores_and_nothing_is_nothing():
    assert (drawn(blank(480, 640), [[20, 200, 600, 460]], [0], None) != 128).any()
    assert (drawn(blank(48, 64), np.zeros((0, 4)), np.zeros(0, int), []) == 128).all()


def test_tags_say_as_much_as_asked():
    image, box = blank(480, 640), np.array([[20, 200, 600, 460.0]])
    inks = []
    for tags in ("none", "names", "all"):
        out = draw_detections(image, box, np.array([0]), np.array([0.9]), NAMES, tags=tags)
        inks.append(int((out == colour_of(0)).all(axis=2).sum()))
    assert inks[0] < inks[1] < inks[2]


@pytest.mark.parametrize("size", [48, 640, 1600])
def test_dashed_and_dotted_lines_lie_where_the_solid_one_does(size):
    q = size // 4
    shares = {}
    for line in ("solid", "dashed", "dotted"):
        mark = Mark(np.array([q, q, 3 * q, 3 * q]), (0, 0, 255), line=line)
        out = draw_marks(blank(size, size), [mark])
        rows, columns = np.nonzero((out != 128).any(axis=2))
        assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == (q, 3 * q - 1)
        inside = (out == (0, 0, 255)).all(axis=2)
        shares[line] = inside.sum()
        assert not inside[2 * q, q + size // 20 : 3 * q - size // 20].any()
    assert shares["solid"] > shares["dashed"] > shares["dotted"] > 0


@pytest.mark.parametrize("line", ["dashed", "dotted"])
@pytest.mark.parametrize("box", [[0, 0, 1, 1], [9, 9, 9, 9], [2, 2, 4, 60], [-9, -9, 999, 999]])
def test_any_box_can_be_dashed(box, line):
    out = draw_marks(blank(64, 96), [Mark(np.array(box, float), (0, 0, 255), "x", line)])
    assert (out != 128).any()


def test_colours_belong_to_labels():
    assert len(set(PALETTE)) == 16
    assert colour_of(3) == colour_of(19) == PALETTE[3][::-1]
