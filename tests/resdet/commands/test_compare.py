"""compare from the command line: table, Markdown, JSON, gallery, and the user's mistakes."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.evaluation import match_voc, save_matches, score_voc
from resdet.evaluation.record import Record, matches_path
from resdet.structures.records import Detections, GroundTruth

TOOLS = Path(__file__).parents[3] / "tools"
TRUTH = {i: GroundTruth(np.array([[0, 0, 9, 9], [20, 20, 40, 40]]), [0, 1]) for i in range(30)}


@pytest.fixture(autouse=True)
def _tools_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))


def compare(*argv):
    importlib.import_module("compare").main([str(arg) for arg in argv])


@pytest.fixture
def results(tmp_path):
    """vgg.json finds the objects of every second image, res.json those of all but every fifth."""
    for name, finds in (("vgg", lambda i: i % 2), ("res", lambda i: i % 5)):
        found = [
            Detections(i, truth.boxes + (0 if finds(i) else 50), truth.labels, np.full(2, 0.9))
            for i, truth in TRUTH.items()
        ]
        matches = match_voc(TRUTH, found, ("cat", "<dog>"))
        config = {"vgg": "voc0712_vgg16", "res": "voc0712_r101"}[name]
        write_json(tmp_path / f"{name}.json", {**score_voc(matches, "area"), "config": config})
        save_matches(matches_path(tmp_path / f"{name}.json"), Record(matches))
    return tmp_path


def test_table_json_and_markdown(results, capsys):
    out = results / "new"
    compare(
        *(f"VGG-16={results}/vgg.json", f"{results}/res.json"),
        *("--json", out / "c.json", "--markdown", out / "c.md"),
    )
    printed = capsys.readouterr().out
    table = read_json(out / "c.json")
    rows = {row["name"]: row for row in table["comparisons"][0]["rows"]}
    mean = rows["mAP@0.50"]
    assert 0 < mean["low"] < mean["gain"] < mean["high"]
    assert mean["p_value"] < 0.05
    assert table["convention"] == "VOC area, IoU >= t, 30 images, the mean of 2 classes"
    assert table["baseline"] == {"name": "VGG-16", "files": [f"{results}/vgg.json"]}
    assert table["bootstrap"]["resamples"] == 1000
    assert table["paper"] == [{"mAP@0.50": [0.732, 0.764]}]
    for part in ("VGG-16", "res", f"{100 * mean['gain']:+.1f}", "<dog>", "76.4"):
        assert part in printed
    markdown = (out / "c.md").read_text()
    assert "| paper, mAP@0.50 | 73.2 | 76.4 | +3.2 |  |  |" in markdown
    assert "<dog>" not in markdown


def test_baseline_and_paper_and_resamples_by_name(results, capsys):
    compare(
        *(results / "vgg.json", results / "res.json", "--baseline", "res"),
        *("--paper", "voc07pp12_r101", "--resamples", "0"),
    )
    printed = capsys.readouterr().out
    assert printed.index("res") < printed.index("vgg")
    assert "No interval, no p-value: no resamples were asked for." in printed
    assert "73.8" in printed
    assert "n/a" not in printed


def test_gallery(results):
    both = f"VGG={results}/vgg.json", f"ResNet={results}/res.json"
    compare(*both, "--gallery", results / "gallery", "--threshold", "0.25", "--resamples", "0")
    assert (results / "gallery" / "index.html").is_file()
    (results / "res.matches.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"matches must exist, got .*res\.matches\.npz"):
        compare(*both, "--gallery", results / "other")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--gallery", "."], "--gallery must be apart from what"),
        (["--gallery", "taken"], "gallery must be a new folder or an earlier gallery"),
        (["--gallery", "g", "--images", "none"], "images must be a folder, got none"),
        (["--paper", "coco_r101"], "results must have AP50 or AP to stand beside"),
    ],
)
def test_faults_are_told_before_the_work(results, monkeypatch, options, text):
    def resample(*_, **__):
        raise AssertionError("it resampled first")

    monkeypatch.setattr(sys.modules["resdet.evaluation.comparison.compare"], "compare", resample)
    monkeypatch.chdir(results)
    write_json(results / "taken" / "mine.json", [])
    with pytest.raises((ValueError, OSError), match=text):
        compare("vgg.json", "res.json", *options)
    assert not (results / "g").exists()


def test_matches_of_another_result_are_not_shown(results):
    (results / "vgg.matches.npz").write_bytes((results / "res.matches.npz").read_bytes())
    both = results / "vgg.json", results / "res.json"
    with pytest.raises(ValueError, match=r"vgg\.matches\.npz must hold the matches of"):
        compare(*both, "--gallery", results / "g", "--resamples", "0")
    assert not (results / "g").exists()


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["vgg.json"], "two or more models are compared"),
        (["vgg.json", "res.json", "--images", "x"], "--images and --threshold go with --gallery"),
        (["vgg.json", "res.json", "--threshold", "0"], "--images and --threshold go with"),
    ],
)
def test_wrong_arguments(results, capsys, argv, text):
    with pytest.raises(SystemExit):
        compare(*argv)
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["vgg.json", "none.json"], "error: JSON file must exist, got none.json"),
        (["vgg.json", "list.json"], "error: list.json must be the JSON that eval-voc"),
        (["vgg.json", "cut.json"], "error: cut.json:1: file must be JSON"),
        (["vgg.json", "broken.json"], "error: broken.matches.npz must be the matches"),
        (["vgg.json", "res.json", "--json", "."], "error: --json must be a file, new"),
        (["vgg.json", "res.json", "--paper", "x"], "error: config of the paper must be one of"),
        (["vgg.json", "res.json", "--seed", "-1"], "error: --seed must be a whole number >= 0"),
        ([",", ","], "error: a side must be [NAME=]FILE[,FILE...], got ','"),
        (["vgg.json", "config.json"], "error: config.json must be the JSON that eval-voc"),
        (["vgg.json", "res.json", "--resamples", "10000000"], "error: resamples must be 0 or 100"),
    ],
)
def test_a_users_fault_is_one_line(results, argv, text):
    write_json(results / "list.json", [1])
    write_json(results / "config.json", {**read_json(results / "res.json"), "config": [1]})
    (results / "cut.json").write_text('{"mAP": {"0.50"')
    (results / "broken.json").write_text((results / "res.json").read_text())
    (results / "broken.matches.npz").write_bytes(b"PK\x03\x04")
    command = [sys.executable, TOOLS / "compare.py", *argv]
    run = subprocess.run(command, cwd=results, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith(text)
    assert run.stderr.count("\n") == 1
