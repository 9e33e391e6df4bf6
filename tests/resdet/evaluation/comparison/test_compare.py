"""Models side by side: rows, intervals, several runs, and what is refused."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from backbones.files.outputs import write_json
from resdet.evaluation.average_precision import area
from resdet.evaluation.comparison.compare import compare
from resdet.evaluation.comparison.paper import paper_pairs
from resdet.evaluation.comparison.report import comparison_markdown, comparison_tables, notes
from resdet.evaluation.comparison.sides import read_run, read_sides, with_baseline_first
from resdet.evaluation.registry import register_metric

JSON_OF_A_ROW = ["name", "baseline", "other", "low", "high", "p_value"]
JSON_OF_A_ROW += ["baseline_runs", "other_runs", "gain"]


def comparison_of(*texts, **options):
    baseline, *others = read_sides(texts)
    return compare(baseline, others, **options)


def text_of(tables, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.export_text()


def test_rows_with_their_intervals(write):
    comparison = comparison_of(write("vgg", 0.4), write("res", 0.8))
    rows = {row.name: row for row in comparison.rows[0]}
    assert list(rows) == ["mAP@0.50", "cat", "[dog]", "rare", "absent"]
    for name in ("mAP@0.50", "cat", "[dog]"):
        row = rows[name]
        assert row.gain == row.other - row.baseline
        assert row.low < row.gain < row.high
        assert row.low > 0
        assert row.p_value < 0.05
    assert rows["rare"].gain is not None
    assert rows["rare"].low is None  # nine images with such objects
    assert rows["absent"].gain is None
    assert comparison.why_no_interval == ""


def test_the_same_resamples_for_both_sides(write):
    """A model against itself gains nothing in every resample: only pairing makes it so."""
    same = comparison_of(write("a"), write("b")).rows[0][0]
    assert (same.gain, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_seeded(write):
    texts = write("vgg", 0.5), write("res", 0.6, seed=1)
    first = comparison_of(*texts, seed=1)
    assert first.rows == comparison_of(*texts, seed=1).rows
    assert first.rows != comparison_of(*texts, seed=2).rows


def test_several_runs_are_pooled(write):
    runs = [write(f"res{seed}", 0.7, seed) for seed in range(3)]
    baseline = write("vgg", 0.5)
    one = comparison_of(baseline, runs[0]).rows[0][0]
    pooled = comparison_of(baseline, f"ResNet={','.join(runs)}")
    row = pooled.rows[0][0]
    assert len(row.other_runs) == 3
    assert row.other == pytest.approx(np.mean(row.other_runs))
    assert row.high - row.low > one.high - one.low  # t of two degrees, from other noise
    text = " ".join(notes(pooled, [{}]))
    assert "Student's t" in text
    assert "ResNet: the mean of 3 runs, mAP@0.50 " in text
    assert "not known from one run" in " ".join(notes(comparison_of(baseline, runs[0]), [{}]))


def test_the_same_run_three_times_is_that_run(write):
    baseline, *runs = write("vgg", 0.5), *(write(name, 0.7) for name in ("r1", "r2", "r3"))
    once, thrice = (comparison_of(baseline, f"r={','.join(part)}") for part in (runs[:1], runs))
    for row, pooled in zip(once.rows[0], thrice.rows[0]):
        assert (pooled.gain, pooled.low) == pytest.approx((row.gain, row.low), abs=1e-14)


def test_the_noise_of_training_widens_the_interval(write, monkeypatch):
    runs = [write(f"res{seed}", 0.7, seed) for seed in range(3)]
    texts = write("vgg", 0.5), f"ResNet={','.join(runs)}"
    row = comparison_of(*texts).rows[0][0]
    module = sys.modules[compare.__module__]  # the package has a function of that name
    monkeypatch.setattr(module, "draw_training_noise", lambda *_: 0.0)
    without = comparison_of(*texts).rows[0][0]
    assert row.high - row.low > 1.2 * (without.high - without.low)


def test_several_models_against_one_baseline(write):
    sides = read_sides([write("a", 0.3), write("b", 0.6), "C=" + write("c", 0.9)])
    ordered = with_baseline_first(sides, "b")
    assert [side.name for side in ordered] == ["b", "a", "C"]
    assert with_baseline_first(sides, str(sides[2].runs[0].path))[0].name == "C"
    with pytest.raises(ValueError, match="baseline must be one of a, b, C or its file, got 'd'"):
        with_baseline_first(sides, "d")
    comparison = compare(ordered[0], ordered[1:])
    assert [rows[0].gain > 0 for rows in comparison.rows] == [False, True]
    text = text_of(comparison_tables(comparison, "title", [{}, {}]))
    assert text.count("title") == 2


def test_both_metrics_at_several_thresholds(write):
    many = {"metrics": ("11point", "area"), "thresholds": (0.5, 0.75)}
    texts = write("a", 0.4, **many), write("b", 0.7, **many)
    comparison = comparison_of(*texts)
    rows = {row.name: row for row in comparison.rows[0]}
    for name in ("mAP, mean of 2, area", "cat, mean of 2, 11point", "cat@0.75, area"):
        assert rows[name].low < rows[name].gain < rows[name].high
    table = text_of(comparison_tables(comparison, "title", [{}]), 120)
    assert "cat@0.75" not in table
    assert "cat, mean of 2, 11-point" in table
    assert "11point" not in table + comparison_markdown(comparison, "title", [{}])
    assert paper_pairs("voc0712_r101", read_run(Path(texts[0])).measured.values)
    assert list(comparison.to_dict()["comparisons"][0]["rows"][0]) == JSON_OF_A_ROW
    names = [row["name"] for row in comparison.to_dict()["comparisons"][0]["rows"]]
    assert "cat@0.75, area" in names


def test_an_added_metric_has_its_intervals(write, fresh_plugins):
    """Ours by another name: the same resamples one by one."""
    register_metric("my area", area)
    added = comparison_of(*(write(n, s, metrics=("my area",)) for n, s in (("a", 0.4), ("b", 0.7))))
    ours = comparison_of(*(write(n, s) for n, s in (("a", 0.4), ("b", 0.7))))
    for row, own in zip(added.rows[0], ours.rows[0]):
        assert (row.name, row.p_value) == (own.name, own.p_value)
        for field in ("gain", "low", "high"):
            assert getattr(row, field) == pytest.approx(getattr(own, field), abs=1e-12)


def test_without_matches_it_says_so(write, tmp_path):
    texts = write("vgg", 0.4), write("res", 0.8)
    (tmp_path / "res.matches.npz").unlink()
    comparison = comparison_of(*texts)
    assert comparison.rows[0][0].gain > 0
    assert comparison.rows[0][0].low is None
    (note,) = notes(comparison, [{}])
    assert note.startswith("No interval, no p-value: the matches are not there: ")
    assert f"{tmp_path}/res.matches.npz" in note
    assert comparison.to_dict()["bootstrap"] is None
    assert "[low, high]" not in text_of(comparison_tables(comparison, "title", [{}]))


def test_resamples_are_none_or_enough(write):
    texts = write("vgg"), write("res", 0.8)
    assert "no resamples" in comparison_of(*texts, resamples=0).why_no_interval
    for wrong in (99, -1, 100_001, 10_000_000):
        with pytest.raises(ValueError, match=f"resamples must be 0 or 100 to 100000, got {wrong};"):
            comparison_of(*texts, resamples=wrong)


def test_conventions_are_compared_first(write, tmp_path):
    texts = write("vgg", 0.4), write("res", 0.8)
    changed = json.loads((tmp_path / "res.json").read_text()) | {"iou_rule": "gt"}
    write_json(tmp_path / "res.json", changed)
    with pytest.raises(ValueError, match="iou_rule: ge against gt"):
        comparison_of(*texts)
