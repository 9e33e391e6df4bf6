"""Numbers as the paper prints them."""

from backbones.reproduction import paper
from backbones.reproduction.paper import number


def test_the_best_comes_first():
    assert number("6.43 (6.61±0.16)") == 6.43
    assert number("110") == 110


def test_every_cell_is_a_number_and_the_same_run_is_printed_alike():
    tables = [value for name, value in vars(paper).items() if name.startswith("TABLE_")]
    assert all(number(cell) > 0 for t in tables for row in t.values() for cell in row.values())
    assert paper.TABLE_2["plain-34"]["top1_error"] == paper.TABLE_3["plain-34"]["top1_error"]
    assert paper.TABLE_2["ResNet-34"] == {"top1_error": paper.TABLE_3["ResNet-34 A"]["top1_error"]}
