"""The table of a sheet as a browser gets it."""

from __future__ import annotations

from dataclasses import replace

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.page_table import table_html

SHEET = Sheet(
    title="Table 0",
    header=["network", "error, 10^6: paper", "error, 10^6: ours", "conditions"],
    rows=[["<a>", "8.75", "9.01", "4 iterations"], ["b", "", "", ""]],
    records=[],
    words=frozenset({"network", "conditions"}),
)


def test_numbers_stand_right_and_names_are_text() -> None:
    html = table_html(SHEET)
    assert '<th scope="row" class="word">&lt;a&gt;</th><td class="paper">8.75</td>' in html
    assert '<td class="ours">9.01</td><td class="word">4 iterations</td>' in html
    assert '<td class="paper"></td><td class="ours"></td>' in html


def test_the_paper_and_ours_stand_under_one_heading() -> None:
    html = table_html(SHEET)
    assert '<th class="group" colspan="2" scope="colgroup">error, 10<sup>6</sup></th>' in html
    assert '<th class="paper" scope="col">paper</th><th class="ours" scope="col">ours</th>' in html
    header = ["network", "mAP: paper", "mAP", "mAP: p", "val: paper", "test: paper", "val: ours"]
    html = table_html(replace(SHEET, header=header, rows=[["a", *"123456"]]))
    assert 'colspan="3" scope="colgroup">mAP</th>' in html
    assert '<th class="paper" rowspan="2" scope="col">val: paper</th>' in html
    assert html.count("colspan") == 1


def test_long_words_are_notes() -> None:
    one, two = "4 iterations, one run, on a processor", "8 iterations, one run, on a processor"
    rows = [["a", "1", "2", one], ["b", "", "", ""], ["c", "3", "4", two], ["d", "5", "6", one]]
    html = table_html(replace(SHEET, rows=rows))
    assert "conditions" not in html
    assert [html.count(f'<sup class="mark">{mark}</sup>') for mark in "abc"] == [3, 2, 0]
    assert f'<li><sup class="mark">b</sup>{two}</li>' in html
    html = table_html(replace(SHEET, rows=rows[:2]))
    assert f"<li>Ours: {one}</li>" in html
    assert "mark" not in html


def test_rows_of_the_paper_are_told_apart() -> None:
    rows = [["a", "paper", "8.75"], ["", "ours", "9.01"]]
    sheet = replace(SHEET, header=["", " ", "error"], rows=rows, words=frozenset({"", " "}))
    html = table_html(sheet)
    assert '<td class="paper">paper</td><td class="paper">8.75</td>' in html
    assert '<td class="word">ours</td><td class="ours">9.01</td>' in html
