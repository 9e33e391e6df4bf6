"""Every experiment: its configs, rows and columns."""

import pytest

from backbones.config import CONFIG_FOLDER, load_classification
from backbones.reproduction.experiments import (
    EXPERIMENTS,
    MEASURES,
    SMOKE,
    find_rows,
)


def test_every_row_has_a_config_that_loads_at_both_scales():
    for experiment in EXPERIMENTS.values():
        assert set(experiment.measures) <= set(MEASURES)
        assert set(experiment.paper) <= {row.label for row in experiment.rows}
        for row in experiment.rows if experiment.trains else ():
            assert not experiment.panels or set(row.panels) & set(experiment.panels)
            networks = [row.network, *(network for network, _ in row.members)]
            for network in networks:
                assert (CONFIG_FOLDER / f"{network.config}.yaml").is_file()
                for scale in ({}, SMOKE[experiment.dataset]):
                    keys = {**network.overrides, **scale}
                    pairs = [text for pair in keys.items() for text in pair]
                    cfg = load_classification(network.config, pairs)
                    assert network.model == cfg.MODEL.NAME


def test_rows_by_label():
    experiment = EXPERIMENTS["table6"]
    assert find_rows(experiment.rows, ()) == experiment.rows
    assert [row.label for row in find_rows(experiment.rows, ["resnet-56"])] == ["ResNet-56"]
    with pytest.raises(ValueError, match=r"Maxout, 'Maxout, residual recipe', .*, got plain-20;"):
        find_rows(experiment.rows, ["plain-20", "ResNet-20"])


def test_the_residual_recipe_is_that_of_the_residual_networks():
    models = {"CIFAR-10": "cifar10_resnet20", "ImageNet": "imagenet_resnet50"}
    rows = [
        (row, load_classification(models[experiment.dataset]))
        for experiment in EXPERIMENTS.values()
        for row in experiment.rows
        if row.label.endswith(", residual recipe")
    ]
    assert len(rows) == 3 + 4 + 6
    for row, theirs in rows:
        ours = load_classification(row.network.config)
        if row.label.startswith(("Maxout", "FitNet")):  # by 0.1 they diverge, as the configs say
            assert ours.SOLVER.BASE_LR == 0.01
            ours.SOLVER.BASE_LR = theirs.SOLVER.BASE_LR
        for section in ("SOLVER", "INPUT", "DATASETS", "TEST"):
            assert ours[section] == theirs[section], (row.label, section)
        assert row.network.norm == ours.MODEL.NORM
