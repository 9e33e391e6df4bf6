"""A comparison for people: tables and Markdown by hand."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from resdet.evaluation.comparison.compare import Comparison, Row
from resdet.evaluation.comparison.paper import paper_pairs
from resdet.evaluation.comparison.report import comparison_markdown, comparison_tables
from resdet.evaluation.comparison.sides import Side
from resdet.evaluation.measures import Measure


def text_of(tables, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.export_text()


def comparison_by_hand(names, rows):
    baseline, *others = (Side(name, ()) for name in names)
    return Comparison(baseline, tuple(others), (tuple(rows),) * len(others), 1000, 0, 4952)


def test_tables_and_markdown_by_hand():
    rows = [
        Row("mAP@0.50", 0.732, 0.764, 0.0251, 0.0389, 1 / 1001),
        Row("[b]|<i>x\ny", 0.5, 0.25, -0.3, -0.2, 0.0004),
        Row("none", None, None),
        Row("unsure", 0.5, 0.6, -0.1, 0.3, 0.3),
    ]
    comparison = comparison_by_hand(("VGG-16 baseline", "[red]R|101"), rows)
    pairs = [paper_pairs("voc0712_r101", [Measure("mAP@0.50")])]
    text = text_of(comparison_tables(comparison, "VOC 11-point, IoU >= t, 4952 images", pairs))
    for part in ("+3.2", "[+2.5, +3.9]", "<=0.001", "<0.001", "-25.0", "n/a", "paper, mAP@0.50"):
        assert part in text
    assert "[red]R|101" in text
    (table,) = comparison_tables(comparison, "title", [{}])
    colours = [cell.partition("]")[0] for cell in table.columns[3].cells]
    assert colours == ["[green", "[red", "n/a", "+10.0"]
    assert "\u2026" not in text
    markdown = comparison_markdown(comparison, "title", pairs)
    assert "| AP x100 | VGG-16 baseline | [red]R\\|101 | gain | [low, high] | p |" in markdown
    assert "| mAP@0.50 | 73.2 | 76.4 | +3.2 | [+2.5, +3.9] | &lt;=0.001 |" in markdown
    assert "| [b]\\|&lt;i>x y | 50.0 | 25.0 | -25.0 | [-30.0, -20.0] | &lt;0.001 |" in markdown
    assert "| none | n/a | n/a | n/a | n/a | n/a |" in markdown
    assert "| paper, mAP@0.50 | 73.2 | 76.4 | +3.2 |  |  |" in markdown
    assert "* paper: He et al. 2016, Tables 7 and 8" in markdown
    assert "4,952 images, 1000 resamples, seed 0" in markdown


@pytest.mark.parametrize(
    ("value", "resamples", "text"),
    [
        (1 / 1001, 1000, "<=0.001"),
        (1 / 996, 1000, "<=0.002"),  # five resamples were without the class
        (2 / 1001, 1000, "0.002"),
        (1 / 101, 100, "<=0.010"),
        (1 / 10001, 10000, "<0.001"),
        (12 / 10001, 10000, "0.001"),
        (1.0, 1000, "1.000"),
    ],
)
def test_the_smallest_p_is_a_bound(value, resamples, text):
    rows = [Row("a", 0.5, 0.6, 0.05, 0.15, value)]
    comparison = replace(comparison_by_hand(("A", "B"), rows), resamples=resamples)
    (table,) = comparison_tables(comparison, "title", [{}])
    assert [str(cell) for cell in table.columns[5].cells] == [text]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("shc_resnet18", ["shc_", "resnet18"]),
        ("VGG-16 baseline", ["VGG-16", "baseline"]),
        ("ResNet-101", ["ResNet-101"]),
        ("a-b-c-d-e-f-g", ["a-b-c-d-e-", "f-g"]),
        ("abcdefghijklm", ["abcdefghij", "klm"]),
        ("x_abcdefghijklm", ["x_", "abcdefghij", "klm"]),
        ("\u5927\u5927\u5927-\u5927\u5927", ["\u5927\u5927\u5927-", "\u5927\u5927"]),
    ],
)
def test_names_are_broken_where_their_parts_end(name, lines):
    comparison = comparison_by_hand(("A", name), [Row("mAP@0.50, 11-point", 0.5, 0.6)])
    text = text_of(comparison_tables(comparison, "title", [{}]))
    head = text.splitlines()[2 : 2 + len(lines)]
    assert [line.split("\u2503")[3].strip() for line in head] == lines
