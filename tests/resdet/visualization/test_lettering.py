"""Letters: measured, cut to their room, of any script."""

import numpy as np
import pytest

from resdet.visualization import lettering
from resdet.visualization.lettering import Lettering, ink_on, printable


@pytest.mark.parametrize("capital", [6, 14, 60])
def test_text_fills_what_was_measured(capital):
    letters = Lettering(capital)
    width, height, _ = letters.measure("HIM")
    canvas = np.zeros((200, 600, 3), np.uint8)
    letters.put(canvas, "HIM", 20, 150, (255, 255, 255))
    rows, columns = np.nonzero(canvas.max(axis=2) > 128)
    assert 150 - height - 2 <= rows.min()
    assert rows.max() - rows.min() + 1 == pytest.approx(capital, abs=0.25 * capital + 1)
    assert 0.75 * width <= columns.max() - columns.min() + 1 <= width + 2


def test_names_are_shortened_in_the_middle():
    letters = Lettering(12)
    name = "a_very_long_name_of_a_picture_that_fits_nowhere_000123.jpg"
    short = letters.shortened(name, 200)
    assert letters.measure(short)[0] <= 200
    assert short.startswith("a_very")
    assert short.endswith("0123.jpg")
    assert letters.shortened("a.jpg", 200) == "a.jpg"
    assert letters.shortened(name, 1) == "a"


def test_names_in_other_scripts(monkeypatch):
    monkeypatch.setattr(lettering, "_DRAWS_UNICODE", False)
    assert printable("naïve") == "na?ve"
    monkeypatch.setattr(lettering, "_DRAWS_UNICODE", True)
    assert printable("naïve") == "naïve"


def test_ink_stands_out():
    assert ink_on((255, 255, 0)) == (0, 0, 0)  # cyan
    assert ink_on((120, 30, 0)) == (255, 255, 255)  # a dark blue
