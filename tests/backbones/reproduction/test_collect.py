"""From the folders of runs to a table, and to what is published."""

from backbones.reproduction.collect import collect_table, count, publish_rows
from backbones.reproduction.experiments import (
    EXPERIMENTS,
    cifar,
    imagenet,
)


def test_parameters_of_table_6_to_its_printed_digits(tmp_path):
    experiment = EXPERIMENTS["table6"]
    for line in collect_table(experiment, tmp_path, None).lines:
        printed = line.printed("parameters")
        (ours,) = line.values("parameters")
        if printed and line.row.label != "FitNet-19":  # see DIFFERENCES of paper.py
            assert f"{ours:.{len(printed.split('.')[1])}f}" == printed, line.row.label


def test_a_gate_is_part_of_its_layer_and_companions_of_none(tmp_path):
    lines = collect_table(EXPERIMENTS["table6"], tmp_path, None).lines
    layers = {line.row.label: line.values("layers") for line in lines}
    assert layers["Highway-32"] == (32,)
    assert layers["DSN"] == layers["NIN"] == (9,)


def test_plain_and_residual_twins_have_equal_parameters():
    pairs = [(imagenet("plain34"), imagenet("resnet34", "A"), "ImageNet")]
    pairs += [(cifar(56, "plain"), cifar(56), "CIFAR-10")]
    for plain, residual, dataset in pairs:
        assert count(plain, dataset)["parameters"] == count(residual, dataset)["parameters"]


def test_what_is_published_gives_the_same_table(leave_run, tmp_path):
    experiment = EXPERIMENTS["fig6"]
    for seed in (1, 2):
        leave_run("cifar10_plain20", seed, 9.0 + seed)
    leave_run("cifar10_plain20", 3, 1.0, iterations=10)
    table = collect_table(experiment, tmp_path, None)
    written = publish_rows(experiment.rows, tmp_path, tmp_path / "configs")
    assert [path.name for path in written] == ["cifar10_plain20.json"]
    again = collect_table(experiment, tmp_path / "elsewhere", tmp_path / "configs")
    assert again.sheet().csv() == table.sheet().csv()
    line = next(line for line in again.lines if line.row.label == "plain-20")
    assert line.runs[0].curve("train_error") == [(0, 90), (32000, 58)]
