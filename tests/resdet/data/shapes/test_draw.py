"""Shapes drawn: boxes tight to the paint that can be seen."""

import numpy as np
import pytest

from resdet.data.shapes import draw as drawing


def test_boxes_are_tight_to_the_visible_pixels():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 7] = True
    mask[6, 7:12] = True
    assert drawing.Shape("cross", mask, 1.0, False).xywh == (7, 4, 5, 5)


@pytest.mark.parametrize("name", drawing.SHAPE_CLASSES)
def test_the_box_holds_all_the_paint(name, monkeypatch):
    painted = []
    monkeypatch.setattr(drawing, "SHAPE_CLASSES", (name,))
    monkeypatch.setattr(drawing, "MAX_OBJECTS", 1)
    monkeypatch.setattr(drawing, "EMPTY_SHARE", 0.0)
    monkeypatch.setattr(drawing, "_paint", lambda rng, ground, alpha: painted.append(alpha))
    _, (shape,) = drawing.draw_image(np.random.default_rng(4), 96)
    assert shape.name == name
    x, y, width, height = shape.xywh
    near = np.zeros((96, 96), bool)
    near[max(y - 1, 0) : y + height + 1, max(x - 1, 0) : x + width + 1] = True
    assert painted[0][~near].max() < 4  # of 255: anti-aliasing reaches a pixel out
    assert painted[0][y : y + height, x].max() >= 128
    assert painted[0][y, x : x + width].max() >= 128


def test_hidden_shapes_are_difficult_or_gone():
    def at(name, left, right):
        alpha = np.zeros((90, 90), np.uint8)
        alpha[40:50, 30 + left : 30 + right] = 255
        return name, alpha

    placed = [at("ring", 0, 11), at("square", 8, 18), at("star", 4, 12), at("cross", 1, 11)]
    kept = [shape for shape, _ in drawing.seen([*placed, at("circle", 25, 35)], 30)]
    assert [(shape.name, shape.visible) for shape in kept] == [
        ("square", 0.6),
        ("star", 0.125),
        ("cross", 1.0),
        ("circle", 0.5),
    ]  # of the ring one column in eleven shows: under a tenth
    assert [shape.difficult for shape in kept] == [False, True, False, False]
    assert [shape.truncated for shape in kept] == [False, False, False, True]
    boxes = [(12, 10, 6, 10), (11, 10, 1, 10), (1, 10, 10, 10), (25, 10, 5, 10)]
    assert [shape.xywh for shape in kept] == boxes
