"""What is kept of a pair: values, gains, how it was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resdet.reproduction.pair_sections import (
    Finished,
    beside_paper,
    compared,
    nothing_of,
    section,
    told_of,
)
from resdet.reproduction.pair_tables import TABLES, Row

PAIR = Row("own_vgg16", "shapes"), Row("own_r18", "shapes")


def test_values_of_each_run_and_the_gain(finished_run):
    runs = {row: finished_run(row.config, missed) for row, missed in zip(PAIR, (3, 0))}
    pair = {row: [Finished(run, run.measure("voc"))] for row, run in runs.items()}
    found = section(TABLES["table7"], pair, compared(pair))
    first, second = ([run["values"]["mAP"] for run in row["runs"]] for row in found["rows"])
    assert second == [1]
    assert found["gains"]["mAP"]["gain"] == pytest.approx(1 - first[0])
    made, departed = told_of([found], Path("table7.json"))
    assert made == (
        "shapes: trained on voc:.:trainval; tested on voc:.:test; VOC area, "
        "IoU >= t, 4 images, the mean of 5 of 6 classes; 4 iterations of 2 images; "
        "a processor, torch 2."
    )
    assert departed.startswith("Not as in the paper: steps of training, data, weights to begin")


def test_one_network_alone_has_no_gain(finished_run):
    run = finished_run("own_r18")
    pair = {PAIR[0]: [], PAIR[1]: [Finished(run, run.measure("voc"))]}
    assert compared(pair) is None
    found = section(TABLES["table7"], pair, None)
    assert found["gains"] == {}
    assert [len(row["runs"]) for row in found["rows"]] == [0, 1]


def test_what_a_server_answered_is_the_value(finished_run):
    run = finished_run("own_r18")
    pair = {PAIR[0]: [], PAIR[1]: [Finished(run, None)]}
    assert section(TABLES["table7"], pair, None)["rows"][1]["runs"][0]["values"] == {"mAP": None}
    (run.folder / "server.json").write_text(json.dumps({"mAP": 73.8}))
    (found,) = section(TABLES["table7"], pair, None)["rows"][1]["runs"]
    assert found["values"] == {"mAP": pytest.approx(0.738)}


def test_the_papers_pairs_stand_first_measured_or_not():
    table = TABLES["table7"]
    empty = [nothing_of(pair) for pair in table.pairs()]
    own, second = nothing_of(PAIR), {**empty[1], "made": "here"}
    assert beside_paper(table, [own, second]) == [empty[0], second, own]


def test_nothing_measured_is_nothing_told():
    assert told_of([nothing_of(PAIR)], Path()) == []


def test_what_departs_is_told_once():
    one = {**nothing_of(PAIR), "data": "a", "made": "here", "deviations": ["x", "y"]}
    other = {**one, "data": "b", "deviations": ["z", "x"]}
    assert told_of([one, other], Path("table7.json")) == [
        "a: here.",
        "b: here.",
        "Not as in the paper: x, y, z; table7.json tells each value.",
    ]
