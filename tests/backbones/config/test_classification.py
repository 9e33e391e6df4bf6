"""A config of classification by name."""

from pathlib import Path

import pytest

import backbones
from backbones.config import ConfigError, load_classification

ROOT = Path(__file__).resolve().parents[3]


def test_config_faults_come_all_at_once():
    with pytest.raises(ConfigError) as error:
        load_classification(
            "imagenet_resnet18",
            ["MODEL.NORM", "batch", "INPUT.SIZE_TEST", "300", "SOLVER.MAX_ITER", "0"],
        )
    assert len(error.value.faults) == 4
    for fault in ("MODEL.NORM must be", "MIN_SIZE_TEST must be", "MAX_ITER"):
        assert fault in str(error.value)


def test_shipped_configs_load():
    for path in sorted((ROOT / "configs" / "backbones").glob("imagenet_*.yaml")):
        assert load_classification(path.name).MODEL.NAME in backbones.names()
