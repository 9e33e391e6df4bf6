"""Contact sheets: every picture where there is room, evenly spread ones where there is not."""

import cv2
import numpy as np
import pytest

from resdet.visualization import sheet
from resdet.visualization.sheet import ContactSheet


def picture(level, height=120, width=160):
    return np.full((height, width, 3), level, np.uint8)


def shades(drawn):
    """The levels of the tiles in reading order, by the pixels of their middles."""
    rows = [drawn[y] for y in range(drawn.shape[0])]
    seen = []
    for row in rows:
        for pixel in row[:, 0]:
            if pixel < 200 and pixel not in seen:
                seen.append(int(pixel))
    return seen


def test_pictures_stand_in_rows_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet.Lettering, "put", lambda *_: None)  # letters have shades too
    contact = ContactSheet()
    for number in range(6):
        contact.add(f"{number}.jpg", picture(10 * number + 10))
    contact.write(tmp_path / "deep" / "sheet.png")
    drawn = cv2.imread(str(tmp_path / "deep" / "sheet.png"))
    assert shades(drawn) == [10, 20, 30, 40, 50, 60]
    assert drawn.shape[1] > drawn.shape[0]
    assert contact.left_out == 0


def test_names_stand_below():
    contact = ContactSheet()
    contact.add("a name much longer than the picture is wide, number 0001.jpg", picture(128))
    drawn = contact.draw()
    ink = np.flatnonzero((drawn < 100).all(axis=2).any(axis=1))
    grey = np.flatnonzero((drawn == 128).all(axis=2).any(axis=1))
    assert ink.min() > grey.max()
    assert ink.max() < drawn.shape[0]


def test_of_very_many_an_even_choice_is_kept():
    contact = ContactSheet()
    for number in range(1000):
        contact.add(str(number), picture(0, 3, 4))
    assert 50 <= len(contact) <= sheet.MOST
    assert contact.left_out == 1000 - len(contact)
    places = [int(name) for name, _ in contact._tiles]
    assert places[0] == 0
    assert set(np.diff(places)) == {16}


@pytest.mark.parametrize("shape", [(1, 1), (5000, 20), (20, 5000), (240, 360)])
def test_pictures_of_any_shape(shape):
    contact = ContactSheet()
    contact.add("a", picture(0, *shape))
    contact.add("b", picture(0))
    height, width = contact.draw().shape[:2]
    assert height < 700
    assert width < 900


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match="must have a picture, got none"):
        ContactSheet().draw()


def test_copies_are_as_large_as_is_asked():
    small, large = ContactSheet(), ContactSheet((720, 480))
    for contact in (small, large):
        contact.add("a.jpg", picture(10, 900, 1440))
    assert large.draw().shape[1] - small.draw().shape[1] == 720 - 360
