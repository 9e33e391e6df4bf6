"""What is told of the splits of every form alike."""

import numpy as np

from backbones.images.check_report import Report
from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import Item
from resdet.data.check_splits import tell_splits


def item(path, names, boxes):
    return Item(f"of {path}", path, (40, 60), names, np.array(boxes, float).reshape(-1, 4))


def told(splits, facts, readers=()):
    report = Report("data", "test", "full")
    for split, items in splits.items():
        report.count_classes(split, ("cell", "dust"), [n for one in items for n in one.names])
    tell_splits(report, ("cell", "dust"), splits, facts, readers, difficult=False)
    return {kind.name: cases for kind, cases in report.found.items()}


def test_an_item_of_two_splits_is_told_once_and_a_picture_of_two_leaks():
    outside, nowhere = item("a.jpg", ["cell"], [70, 2, 90, 30]), item("", ["cell"], [1, 2, 9, 9])
    facts = {"a.jpg": ImageFacts("whole", (40, 60))}
    found = told({"train": [outside, nowhere], "test": [outside, nowhere]}, facts)
    assert found["box outside"] == ["of a.jpg: cell [70.0, 2.0, 20.0, 28.0]"]
    assert found["leak"] == ["train and test: a.jpg"]
    assert "broken annotation" not in found


def test_what_is_sound_is_read_as_training_reads_it():
    def reader():
        raise ValueError("no such class")

    found = told({"train": [item("a.jpg", ["cell", "dust"], [[1, 2, 9, 9]] * 2)]}, {}, [reader])
    assert found == {"broken annotation": ["no such class"]}
