"""Rows of a pair: numbers, gains with their intervals, the paper's beside."""

from resdet.reproduction.pair_sections import nothing_of
from resdet.reproduction.pair_sheet import lines_of, pair_sheet
from resdet.reproduction.pair_tables import TABLES

GAIN = {"gain": 0.05, "low": 0.01, "high": 0.09, "p_value": 0.004}


def section(*aps):
    names = ("own_vgg16", "own_r18")
    rows = [
        {"config": name, "runs": [{"values": {"mAP": ap}} for ap in values]}
        for name, values in zip(names, aps, strict=True)
    ]
    return {"data": "mine", "rows": rows, "gains": {"mAP": GAIN}}


def sheet(sections):
    return pair_sheet(TABLES["table7"], list(lines_of(sections)))


def test_two_rows_the_gain_in_the_second():
    made = sheet([section([0.5], [0.5, 0.6])])
    assert made.rows == [
        ["VGG-16", "mine", "", "50.0", "", "", "1", "own_vgg16"],
        ["ResNet-18", "mine", "", "55.0", "+5.0 (+1.0 to +9.0)", "0.004", "2", "own_r18"],
    ]
    assert made.records[1]["mAP high"] == 0.09
    assert made.records[0]["mAP gain"] == ""


def test_what_nobody_measured_stays_empty_beside_the_paper():
    made = sheet([nothing_of(pair) for pair in TABLES["table7"].pairs()])
    assert [row[2] for row in made.rows] == ["73.2", "76.4", "70.4", "73.8"]
    assert {text for row in made.rows for text in row[3:7]} == {""}


def test_a_run_without_a_number_leaves_no_mean():
    made = sheet([section([None], [0.5, None])])
    assert made.rows[1][3] == ""
    assert made.measured == [False, False]
