"""Programs that data is written for, and that docs/annotation_tools.json measured so."""

import json
from pathlib import Path

import pytest

from resdet.data.programs import PROGRAMS, words_for
from resdet.structures.corners import OFFSETS

MEASURED = Path(__file__).resolve().parents[3] / "docs" / "annotation_tools.json"
WAYS = [(name, form) for name, forms in PROGRAMS.items() for form in forms]


@pytest.mark.parametrize(("program", "form"), WAYS)
def test_words(program, form):
    words = words_for(program, form)
    assert words.program == program
    assert words.corners in OFFSETS


def test_a_form_that_it_does_not_read():
    with pytest.raises(ValueError, match="must be a form that sahi reads, COCO, got yolo"):
        words_for("sahi", "yolo")


def test_what_a_program_knows_of_difficult_objects_and_crowds_was_measured():
    marks = json.loads(MEASURED.read_text())["marks"]
    told = {tuple(way.rsplit(" ", 1)): mark for way, mark in marks.items()}
    for (program, form), mark in told.items():
        words = words_for(program, form)
        if form != "yolo":
            crowd = words.crowd if form == "coco" else words.difficult
            want = [
                f"{w} {'ignored' if known else 'counted'}"
                for w, known in (("difficult", words.difficult), ("crowd", crowd))
            ]
            assert mark == ", ".join(want), (program, form)
