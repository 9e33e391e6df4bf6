"""Models side by side: rows, intervals, several runs, and what is refused."""

import io
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from backbones.files.outputs import write_json
from resdet.evaluation import match_voc, save_matches, score_voc
from resdet.evaluation.comparison.compare import Comparison, Row, compare
from resdet.evaluation.comparison.paper import known_pairs, paper_pairs
from resdet.evaluation.comparison.report import comparison_markdown, comparison_tables, notes
from resdet.evaluation.comparison.sides import (
    Side,
    read_run,
    read_sides,
    records_to_show,
    with_baseline_first,
)
from resdet.evaluation.measures import Measure
from resdet.evaluation.record import Record, load_matches, matches_path
from resdet.structures.records import Detections, GroundTruth

CLASSES = ("cat", "[dog]", "rare", "absent")
JSON_OF_A_ROW = ["name", "baseline", "other", "low", "high", "p_value"]
JSON_OF_A_ROW += ["baseline_runs", "other_runs", "gain"]
IMAGES = tuple(f"{i:06}" for i in range(40))


def ground_truth():
    """A cat and a dog in every image; of the rare class one in nine, a difficult one in nine."""
    boxes = np.array([[0, 0, 20, 20], [30, 30, 60, 60], [70, 70, 90, 90]])
    return {
        image: GroundTruth(
            boxes[: 2 + (i < 18)],
            np.arange(2 + (i < 18)),
            np.array([False, False, i > 8])[: 2 + (i < 18)],
        )
        for i, image in enumerate(IMAGES)
    }


def found(skill, seed):
    """Each object is found with probability `skill`; as many boxes are elsewhere."""
    random = np.random.default_rng(seed)
    detections = []
    for image, truth in ground_truth().items():
        keep = random.random(len(truth)) < skill
        away = truth.boxes + np.where(keep, 0, 100)[:, None]
        scores = random.random(len(truth)) / 2 + keep * 0.3
        detections.append(Detections(image, away, truth.labels, scores))
    return detections


@pytest.fixture
def write(tmp_path):
    """Evaluate and write a result with its matches; returns its path as text."""

    def run(name, skill=0.5, seed=0, *, truth=None, metrics=("area",), thresholds=(0.5,)):
        truth = truth or ground_truth()
        matches = match_voc(truth, found(skill, seed), CLASSES, thresholds=thresholds)
        results = {metric: score_voc(matches, metric) for metric in metrics}
        path = tmp_path / f"{name}.json"
        write_json(path, results if len(metrics) > 1 else results[metrics[0]])
        save_matches(matches_path(path), Record(matches))
        return str(path)

    return run


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
    assert list(rows) == ["mAP@0.50", *CLASSES]
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


def test_images_in_another_order_are_the_same_images(write):
    backwards = dict(reversed(ground_truth().items()))
    straight = write("vgg", 0.5), write("res", 0.7, seed=1)
    turned = straight[0], write("turned", 0.7, seed=1, truth=backwards)
    assert comparison_of(*straight).rows[0][1:3] == comparison_of(*turned).rows[0][1:3]
    straight, turned = (records_to_show(read_sides(pair))[1].matches for pair in (straight, turned))
    assert straight.image_ids == turned.image_ids
    np.testing.assert_array_equal(straight.truth.boxes, turned.truth.boxes)
    found = [
        sorted(zip(m.labels.tolist(), m.scores.tolist(), m.objects[0].tolist()))
        for m in (straight, turned)
    ]
    assert found[0] == found[1]


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
    assert "unknown from one run" in " ".join(notes(comparison_of(baseline, runs[0]), [{}]))


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


def test_other_images_or_objects_are_named(write):
    truth = ground_truth()
    fewer = {image: truth[image] for image in IMAGES[:-1]} | {"new": truth[IMAGES[-1]]}
    moved = truth | {IMAGES[5]: replace(truth[IMAGES[5]], boxes=truth[IMAGES[5]].boxes + 1)}
    hard = truth | {IMAGES[7]: replace(truth[IMAGES[7]], difficult=np.ones(3, bool))}
    empty = truth | {IMAGES[3]: GroundTruth(np.zeros((0, 4)), np.zeros(0, int))}
    baseline = write("vgg")
    for name, changed, text in (
        ("moved", moved, r"other classes, boxes or difficult objects in image '000005'"),
        ("hard", hard, r"other classes, boxes or difficult objects in image '000007'"),
        ("empty", empty, r"0 objects for 3 in image '000003'"),
    ):
        pattern = rf"{name}\.json must be measured on the images and objects of .*vgg\.json, got "
        with pytest.raises(ValueError, match=pattern + text):
            comparison_of(baseline, write(name, truth=changed))
    detections = [d for d in found(0.5, 0) if d.image_id != IMAGES[-1]]
    other = write_result(baseline, "other", match_voc(fewer, detections, CLASSES))
    with pytest.raises(ValueError, match=r"got 2 images that one alone has \('000039', 'new'\)"):
        comparison_of(baseline, other)


def write_result(beside, name, matches):
    path = Path(beside).with_name(f"{name}.json")
    write_json(path, score_voc(matches, "area"))
    save_matches(matches_path(path), Record(matches))
    return str(path)


def test_matches_of_another_evaluation_are_refused(write, tmp_path):
    read_run(Path(write("vgg", 0.4)))
    write("res", 0.8)
    record = load_matches(tmp_path / "res.matches.npz")
    renamed = replace(record.matches, class_names=("cat", "dog", "rare", "absent"))
    for other in (record, Record(renamed)):
        save_matches(tmp_path / "vgg.matches.npz", other)
        text = r"vgg\.matches\.npz must hold the matches of .*vgg\.json, got others; evaluate again"
        with pytest.raises(ValueError, match=text):
            read_run(tmp_path / "vgg.json")


def test_one_file_is_one_run(write, tmp_path):
    run = write("r")
    (tmp_path / "link.json").symlink_to(run)
    for again in (run, tmp_path / "link.json", tmp_path / ".." / tmp_path.name / "r.json"):
        with pytest.raises(
            ValueError, match=r"runs of a side must be different files, got .*r\.json"
        ):
            read_sides([f"A={run},{again}"])
    copied = shutil.copy(run, tmp_path / "copy.json")
    assert len(read_sides([f"A={run},{copied}"])[0].runs) == 2
    assert len(read_sides([f"A={run}", f"B={run}"])) == 2


def test_a_list_of_runs_may_be_longer_than_a_files_name(write, tmp_path, monkeypatch):
    write("r")
    names = [f"a_run_of_a_long_name_{number}.json" for number in range(12)]
    for name in names:
        os.link(tmp_path / "r.json", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read_sides(["A=" + ",".join(names)])[0].runs) == 12


def test_conventions_are_compared_first(write, tmp_path):
    texts = write("vgg", 0.4), write("res", 0.8)
    changed = json.loads((tmp_path / "res.json").read_text()) | {"iou_rule": "gt"}
    write_json(tmp_path / "res.json", changed)
    with pytest.raises(ValueError, match="iou_rule: ge against gt"):
        comparison_of(*texts)


def test_names_of_sides(write, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    paths = [write("a/r"), write("b/r", 0.6), write("c=d")]
    assert [side.name for side in read_sides(paths[:1])] == ["r"]
    assert [side.name for side in read_sides(paths)] == ["a/r", "b/r", f"{tmp_path.name}/c=d"]
    (side,) = read_sides([f"ResNet-101={paths[0]},{paths[1]}"])
    assert (side.name, len(side.runs)) == ("ResNet-101", 2)
    (side,) = read_sides([f"x={paths[2]}"])
    assert (side.name, side.runs[0].path.name) == ("x", "c=d.json")
    with pytest.raises(ValueError, match="names must differ, got 'x' twice"):
        read_sides([f"x={paths[0]}", f"x={paths[1]}"])
    for wrong in ("x=", "=r.json", "", ",", "x=,"):
        with pytest.raises(ValueError, match=r"a side must be \[NAME=\]FILE"):
            read_sides([wrong])
    with pytest.raises(FileNotFoundError, match="JSON file must exist, got none.json"):
        read_sides(["none.json"])


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
    assert "4952 images, 1000 resamples, seed 0" in markdown


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


def test_the_papers_rows():
    voc, coco = [Measure("mAP@0.50"), Measure("AP", class_index=0)], [Measure("AP")]
    assert paper_pairs("voc07pp12_vgg16", voc) == {"mAP@0.50": (0.704, 0.738)}
    assert paper_pairs("coco_r101", coco) == {"AP50": (0.415, 0.484), "AP": (0.212, 0.272)}
    with pytest.raises(ValueError, match="one of voc0712_vgg16, .*, coco_r101, got 'shapes_r18'"):
        paper_pairs("shapes_r18", voc)
    text = r"results must have AP50 or AP to stand beside the paper's coco_r101, got mAP@0\.50;"
    with pytest.raises(ValueError, match=text):
        paper_pairs("coco_r101", voc)
    with pytest.raises(ValueError, match=r"must have mAP@0\.50 to .* voc0712_r101, got AP;"):
        paper_pairs("voc0712_r101", coco)
    vgg, resnet = "voc0712_vgg16", "voc0712_r101"
    assert known_pairs(vgg, resnet, voc) == {"mAP@0.50": (0.732, 0.764)}
    assert known_pairs(vgg, resnet, coco) == {}
    for pair in (
        ("voc0712_vgg16", "voc07pp12_r101"),
        ("voc0712_r101", "voc0712_vgg16"),
        ("voc0712_vgg16_fpn", "voc0712_r101_fpn"),
        ("shapes_vgg16", "shapes_r101"),
        (None, "voc0712_r101"),
        (None, None),
    ):
        assert known_pairs(*pair, voc) == {}
