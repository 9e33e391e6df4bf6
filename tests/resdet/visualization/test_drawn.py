"""Boxes that were drawn: counted, listed, and what is said where there are none."""

import numpy as np

from resdet.evaluation.coco.results import read_results
from resdet.structures.records import Detections
from resdet.visualization.drawn import Drawn

BOX = [1, 2, 11, 22]


def found(*scores):
    return Detections(0, [BOX] * len(scores), [1] * len(scores), np.array(scores, np.float64))


def test_what_is_said_at_the_end():
    drawn = Drawn(("cat", "dog"), (1, 2))
    assert drawn.told(0.5) == "boxes: 0, nothing was found at any score"
    drawn.take("a", "a.jpg", found(0.25, 0.125), found())
    drawn.take("b", "b.jpg", found(), found())
    assert drawn.told(0.5) == "boxes: 0 at --threshold 0.5; the highest score found is 0.25"
    drawn.take("c", "c.jpg", found(0.75), found(0.75))
    assert drawn.told(0.5) == "boxes: 1, scores of at least 0.5"


def test_a_class_with_a_comma_is_quoted():
    drawn = Drawn(("cat", "dog, big"), (1, 2))
    drawn.take("a", "a.jpg", found(0.75), found(0.75))
    assert drawn.to_csv().splitlines()[1] == 'a.jpg,"dog, big",0.7500,1.00,2.00,11.00,22.00'


def test_entries_are_read_by_the_evaluation():
    drawn = Drawn(("cat", "dog"), (7, 9))
    drawn.take("a", "in/a.jpg", found(0.75), found(0.75))
    read = read_results(drawn.entries())
    assert (read.image_ids, read.categories.tolist()) == (("a",), [9])
    assert read.boxes.tolist() == [[1, 2, 10, 20]]
    assert read.names == {(9, "dog")}


def test_what_is_not_kept_is_counted():
    drawn = Drawn(("cat", "dog"), (1, 2), kept=False)
    drawn.take("a", "a.jpg", found(0.75), found(0.75))
    assert (drawn.boxes, drawn.entries()) == (1, [])
