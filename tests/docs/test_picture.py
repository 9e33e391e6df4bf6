"""The drawn picture: nothing lies over anything, and it is that of the imports of today."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.docs.picture import architecture

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn():
    return architecture(ROOT)


def test_the_committed_picture_is_that_of_the_imports(drawn):
    committed = (ROOT / "docs/architecture.svg").read_text()
    assert committed == drawn, "imports or modules are others: make docs"


def test_every_text_lies_in_its_box(drawn):
    group = ET.fromstring(drawn).find(f"{SVG}g")
    box = None
    texts = 0
    for element in group:
        if element.tag == f"{SVG}rect":
            left, top, width, height = (
                float(element.get(k)) for k in ("x", "y", "width", "height")
            )
            box = left, top, left + width, top + height
        elif element.tag == f"{SVG}text":
            letter = {"title": 9.8, "role": 6.9, "module": 6.6}[element.get("class")]
            x, y = float(element.get("x")), float(element.get("y"))
            assert box[0] < x
            assert x + letter * len(element.text or "") < box[2], element.text
            assert box[1] < y - 9
            assert y + 4 < box[3], element.text
            texts += 1
    assert texts > 100


def test_arrows_point_downwards_and_dashed_ones_up(drawn):
    for path in ET.fromstring(drawn).iter(f"{SVG}path"):
        if "arrow" in path.get("class", ""):
            ends = [float(y) for y in re.findall(r"V([-\d.]+)", path.get("d"))]
            before = float(re.findall(r"([-\d.]+)V", path.get("d"))[-1])
            assert (ends[-1] < before) == ("back" in path.get("class"))


def test_it_is_drawn_for_dark_pages_too(drawn):
    assert "prefers-color-scheme: dark" in drawn
    used, known = (set(re.findall(p, drawn)) for p in (r"var\((--\w+)\)", r"(--\w+):"))
    assert used <= known
