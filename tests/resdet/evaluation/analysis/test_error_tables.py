from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from resdet.evaluation.analysis.analyse import analyse
from resdet.evaluation.analysis.error_tables import MEANINGS, analysis_tables, convention_of, points
from resdet.evaluation.analysis.errors import ERRORS
from resdet.evaluation.rules import COCO, Rules

CAT, DOG = 0, 1
A, B, FAR = [0, 0, 10, 10], [100, 0, 110, 10], [300, 0, 310, 10]


def text(analysis, width: int = 80) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for table in analysis_tables(analysis):
        console.print(table)
    return console.export_text()


def row(printed: str, name: str) -> list[str]:
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines()]
    return next(found for found in cells if found and found[0] == name)


@pytest.fixture
def zoo(matched):
    truth = {"a": [(CAT, A, False), (DOG, B, False), (DOG, FAR, False)]}
    found = [("a", CAT, 0.9, A), ("a", CAT, 0.8, B), ("a", DOG, 0.7, FAR)]
    return matched(truth, found, classes=["cat", "dog", "emu"])


def test_the_numbers(zoo) -> None:
    printed = text(analyse(zoo, "11point"))
    assert "11-point AP, IoU >= 0.50: 77.3, the mean of 2 of 3 classes; what" in printed
    classification = ["classification", "right place, wrong class", "1", "22.7"]
    assert row(printed, "classification") == classification
    assert row(printed, "all misses") == ["all misses", "", "1", "22.7"]
    assert row(printed, "cat") == ["cat", "100.0", "100.0", "100.0", "100.0", "0.900", ""]
    assert row(printed, "dog")[1:] == [
        "54.5",
        "66.7",
        "100.0",
        "50.0",
        "0.700",
        "classification 45.5",
    ]
    assert row(printed, "emu")[1:] == ["n/a", "n/a", "n/a", "n/a", "n/a", ""]
    assert row(printed, "all (AP: 2 of")[1:] == ["77.3", "66.7", "66.7", "66.7", "0.700", ""]
    assert row(printed, "small") == ["small", "0 to 1,024", "3", "77.3", "2 of 3 classes"]
    assert row(printed, "large") == ["large", "9,216 and more", "0", "n/a", "0 of 3 classes"]
    assert "Most frequent confusions, at scores from 0.700" in printed
    confusions = printed[printed.index("Most frequent") :]
    assert row(confusions, "dog") == ["dog", "cat", "1", "50.0"]


def test_every_kind_of_error_is_explained() -> None:
    assert tuple(MEANINGS) == ERRORS


def test_several_thresholds_have_their_mean(random_matches) -> None:
    matches = random_matches(1)
    two = replace(
        matches,
        thresholds=(0.5, 0.75),
        verdicts=matches.verdicts.repeat(2, axis=0),
        objects=matches.objects.repeat(2, axis=0),
    )
    analysis = analyse(two, "area")
    small = analysis["sizes"]["small"]["mAP"]
    mean = f"{50 * sum(small.values()):.1f}"
    shown = [*(f"{100 * ap:.1f}" for ap in small.values()), mean, "3 classes"]
    assert row(text(analysis), "small")[3:] == shown
    assert "mean of 2" in text(analysis)


def test_without_sizes_or_confusions(zoo, matched) -> None:
    assert "By size" not in text(analyse(replace(zoo, rules=COCO), "101point"))
    assert "confusions" not in text(analyse(matched({"a": []}, []), "area"))


def test_confusions_are_of_classes_and_most_frequent_first(random_matches) -> None:
    analysis = analyse(random_matches(1, images=60), "area", score=0.0)
    printed = text(analysis)
    lines = printed[printed.index("Most frequent") :].splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    matrix = dict(zip("abc", analysis["confusion"]["matrix"]))
    found = {(a, b): matrix[a]["abc".index(b)] for a in "abc" for b in "abc" if a != b}
    assert {(a, b): int(count) for a, b, count, _ in rows} == {k: v for k, v in found.items() if v}
    counts = [int(count) for _, _, count, _ in rows]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 2


def test_eighty_columns_hold_it(matched) -> None:
    names = ["a class with a name that is far too long for any table of its own", "[red]x[/]\\"]
    truth = {"a": [(CAT, A, False), (DOG, B, False)]}
    found = [("a", DOG, 0.5, A), ("a", CAT, 0.4, B)]
    printed = text(analyse(matched(truth, found, classes=names), "area"))
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.count("[red]x[/]\\") == 3  # as a class, as an object, as what it is taken for
    assert printed.count("classification 100.0") == 2


def test_conventions_and_points(matched) -> None:
    matches = matched({"a": []}, [], rules=Rules("voc", "gt"), threshold=0.75)
    assert convention_of(analyse(matches, "area")) == "area AP, IoU > 0.75"
    assert [points(value) for value in (None, 0.0731, -0.0731, -0.0001, 0.1)] == [
        "n/a",
        "7.3",
        "-7.3",
        "0.0",
        "10.0",
    ]
