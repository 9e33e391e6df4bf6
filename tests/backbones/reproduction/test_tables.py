"""Tables: the paper's numbers beside ours, and an empty cell where nobody measured."""

import csv
import io

import cv2
import pytest

from backbones.reproduction import runs
from backbones.reproduction.collect import collect_table
from backbones.reproduction.experiments import (
    EXPERIMENTS,
)
from backbones.reproduction.paper import number


def cells(table):
    """First cell of a line -> the others."""
    lines = [line.strip("| \n").split(" | ") for line in table.sheet().markdown().splitlines()]
    return {line[0]: line[1:] for line in lines if len(line) > 1}


def records(table):
    return {
        record["network"]: record for record in csv.DictReader(io.StringIO(table.sheet().csv()))
    }


def test_what_nobody_measured_is_empty(tmp_path):
    table = collect_table(EXPERIMENTS["table3"], tmp_path, None)
    assert {
        "| VGG-16 | 28.07 |  | 9.33 |  |  |",
        "| GoogLeNet |  |  | 9.15 |  |  |",
        "| GoogLeNet, residual recipe |  |  |  |  |  |",
    } <= set(table.sheet().markdown().splitlines())
    record = records(table)["VGG-16"]
    assert (record.pop("network"), record.pop("scale")) == ("VGG-16", "full")
    assert {k: v for k, v in record.items() if v} == {
        "paper_top1_error": "28.07",
        "paper_top5_error": "9.33",
    }


def test_several_seeds_are_best_mean_and_deviation(leave_run, tmp_path):
    for seed, error in enumerate((8.0, 8.5, 9.0), 1):
        leave_run("cifar10_resnet20", seed, error)
    leave_run("cifar10_resnet20", 4, 1.0, iterations=3000)
    table = collect_table(EXPERIMENTS["table6"], tmp_path, None)
    conditions = "64k iterations, 3 runs, a GPU, torch 2.11.0; 1 more of other length or data"
    ours = ["20", "20", "0.27", "0.27", "8.75", "8.00 (8.50±0.50)", conditions]
    assert cells(table)["ResNet-20"] == ours
    assert "| ResNet-1202 | 1202 | 1202 | 19.4 | 19.42 | 7.93 |  |  |" in table.sheet().markdown()
    record = records(table)["ResNet-20"]
    assert [float(record[f"top1_error{x}"]) for x in ("", "_mean", "_std")] == [8.0, 8.5, 0.5]
    assert (record["runs"], record["seeds"], record["torchvision"]) == ("3", "1 2 3", "0.26.0")


def test_a_test_that_was_not_made_is_empty(leave_run, tmp_path):
    folder = leave_run("imagenet_resnet50", 1, 24.0, num_classes=1000, num_images={"test": 50000})
    assert cells(collect_table(EXPERIMENTS["table3"], tmp_path, None))["ResNet-50"][1] == ""
    runs.add(folder, {"tests": {"10crop": {"top1_error": 23.0, "top5_error": 6.5}}})
    found = cells(collect_table(EXPERIMENTS["table3"], tmp_path, None))["ResNet-50"]
    assert found == ["22.85", "23.00", "6.71", "6.50", "64k iterations, 1 run, a GPU, torch 2.11.0"]
    assert cells(collect_table(EXPERIMENTS["table4"], tmp_path, None))["ResNet-50"][1] == ""


def test_networks_of_another_shortcut_are_others(leave_run, tmp_path):
    folder = leave_run("imagenet_resnet34_a", 1, 24.0)
    runs.add(folder, {"tests": {"10crop": {"top1_error": 25.5, "top5_error": 7.0}}})
    found = cells(collect_table(EXPERIMENTS["table3"], tmp_path, None))
    ours = [found[f"ResNet-34 {shortcut}"][1] for shortcut in "ABC"]
    assert ours == ["25.50", "", ""]


def test_multiply_adds_of_table_1(tmp_path):
    table = collect_table(EXPERIMENTS["table1"], tmp_path, None)
    ours = {line.row.label: line.values("multiply_adds")[0] for line in table.lines}
    counted = {"ResNet-18": 1.814, "ResNet-34": 3.664, "ResNet-50": 3.858}
    counted |= {"ResNet-101": 7.570, "ResNet-152": 11.282}
    assert {label: round(ours[label], 3) for label in counted} == counted
    for line in table.lines:
        assert line.values("multiply_adds")[0] == pytest.approx(
            number(line.printed("multiply_adds")), rel=0.02
        )
    assert "conditions" not in table.sheet().markdown()


@pytest.mark.parametrize("target", EXPERIMENTS)
def test_three_files_of_each_target(leave_run, tmp_path, target):
    experiment = EXPERIMENTS[target]
    for row in experiment.rows[:2]:
        folder = leave_run(row.network.name, 1, 15.0)
        test = {experiment.test: {"top1_error": 15.0, "top5_error": 5.0}}
        runs.add(folder, {"tests": test, "responses": [["a", 1.0], ["b", 0.5]]})
    table = collect_table(experiment, tmp_path, None, smoke=True)
    picture = tmp_path / f"{target}.png"
    table.plot(picture)
    written = table.sheet([picture]).write(tmp_path / "out" / target)
    assert [path.name for path in written] == [f"{target}.{kind}" for kind in ("md", "csv", "png")]
    told = written[0].read_text().startswith(f"# {experiment.title} [smoke]\n")
    assert told == experiment.trains  # counting is the same at any scale
    picture = cv2.imread(str(written[2])).astype(int)
    blue, green, red = 0xB2, 0x72, 0x00  # of the first colour: something is drawn
    assert (abs(picture - (blue, green, red)).max(axis=2) < 40).sum() > 50


def test_pictures_of_nothing(tmp_path):
    for target in ("table5", "fig1", "fig7"):
        collect_table(EXPERIMENTS[target], tmp_path, None).plot(tmp_path / "p.png")
        assert (cv2.imread(str(tmp_path / "p.png")) < 200).sum() > 500
