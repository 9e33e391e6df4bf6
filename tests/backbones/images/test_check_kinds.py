"""Copies, and what two splits share."""

import cv2
import numpy as np

from backbones.images.check_kinds import (
    ABSENT_CLASS,
    ALIKE,
    CUT,
    DEEP,
    ROTATED,
    UNREADABLE,
    tell_classes,
    tell_copies,
    tell_images,
    told_of_depth,
)
from backbones.images.check_report import Report
from backbones.images.inspect import ImageFacts, inspect_image


def copies(tmp_path, splits, label_of=lambda path: None):
    paths = sorted({path for listed in splits.values() for path in listed})
    for path in paths:
        (tmp_path / path).write_bytes(path[:1].encode() * 5)  # content is the first letter
    full = {s: [str(tmp_path / path) for path in listed] for s, listed in splits.items()}
    facts = {str(tmp_path / path): inspect_image(str(tmp_path / path)) for path in paths}
    report = Report("data", "test", "quick")
    tell_copies(report, full, facts, label_of)
    return {kind.name: len(cases) for kind, cases in report.found.items()}


def test_only_a_trainval_is_meant_to_share(tmp_path):
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["a1"]}) == {"leak": 1}
    assert copies(tmp_path, {"trainval": ["a1", "b1"], "test": ["a1"]}) == {"leak": 1}
    assert copies(tmp_path, {"trainval": ["a1"], "val": ["a1", "b1"]}) == {"leak": 1}
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["c1"]}) == {}
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["a2", "b1", "c1"]}) == {"leak": 2}
    assert copies(tmp_path, {"train": ["a1"], "val": ["b1"], "trainval": ["a1", "b1"]}) == {}


def test_copies_are_told_once_and_under_two_classes_they_contradict(tmp_path):
    assert copies(tmp_path, {"train": ["a1", "a2"], "trainval": ["a1", "a2", "b1"]}) == {"copy": 1}
    assert copies(tmp_path, {"train": ["a1", "a2"]}, lambda path: path[-1]) == {"conflict": 1}


def test_files_that_are_not_whole_are_told_by_their_state():
    facts = {
        "a": ImageFacts("whole", (1, 1), 6, 9),
        "b": ImageFacts("cut"),
        "c": ImageFacts("unreadable", why="no head"),
        "d": ImageFacts("whole", (1, 1), 1, 9),
    }
    report = Report("data", "test", "quick")
    tell_images(report, facts)
    assert report.found == {
        ROTATED: ["a: orientation 6"],
        CUT: ["b"],
        UNREADABLE: ["c: no head"],
    }


def test_classes_alike_and_absent():
    report = Report("data", "test", "quick")
    report.count_classes("train", ["Cat", "dog", " cat"], ["Cat"])
    tell_classes(report, ["Cat", "dog", " cat"])
    assert report.found == {ALIKE: ["'Cat' and ' cat'"]}  # of one split nothing is absent
    report.count_classes("test", ["Cat", "dog"], ["Cat", "dog"])
    tell_classes(report, [])
    assert report.found[ABSENT_CLASS] == ["train: ['dog', ' cat']"]


def deep(*values):
    return [ImageFacts("whole", (4, 4), depth=16, values=pair) for pair in values]


def test_sixteen_bits_are_a_warning_where_the_upper_are_not_used():
    report = Report("data", "test", "full")
    facts = dict(zip("abc", [*deep((976, 1900), (980, 4000)), ImageFacts("whole", (4, 4))]))
    tell_images(report, facts)
    ((kind, cases),) = report.found.items()
    assert (kind.name, kind.severity, cases) == (
        DEEP,
        "warning",
        ["a: 976 to 1900", "b: 980 to 4000"],
    )
    assert kind.cure.startswith("values 976 to 4000 of 65535, dark")
    assert kind.cure.endswith("--fix writes their 12 bits in 8")
    report = Report("data", "test", "full")
    tell_images(report, dict(zip("a", deep((0, 40_000)))))
    assert [kind.severity for kind in report.found] == ["note"]
    report = Report("data", "test", "quick")
    tell_images(report, dict(zip("a", deep(None))))
    assert [(kind.severity, kind.cure) for kind in report.found] == [
        ("warning", "which bits they use is told without --quick")
    ]


def test_training_is_told_of_them_in_a_line(tmp_path):
    paths = [str(tmp_path / f"{name}.png") for name in "abc"]
    for path, most in zip(paths, (1000, 1023, 900)):
        cv2.imwrite(path, np.linspace(9, most, 16).reshape(4, 4).astype(np.uint16))
    facts = [inspect_image(path) for path in paths]
    line = told_of_depth(paths, facts)
    assert line.startswith(
        "images of 16 bits a channel, of which the upper 8 are read: 3, values 9 to 1023"
    )
    cv2.imwrite(paths[0], np.full((4, 4), 50_000, np.uint16))
    assert told_of_depth(paths, facts) == ""
    assert told_of_depth([], []) == ""
