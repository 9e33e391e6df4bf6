from __future__ import annotations

from pathlib import Path

import pytest
from fvcore.common.config import CfgNode

from backbones.config import load as loader


@pytest.fixture
def schema() -> CfgNode:
    return CfgNode({"A": {"RATE": 0.1, "STEPS": (1, 2), "NAMES": ["x"], "ON": False, "ANY": None}})


def test_values_take_the_type_of_the_schema(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("A: {RATE: 1e-4, STEPS: [3], NAMES: [y, z], ANY: 7}\n")
    cfg = loader.load(schema, "c", ["A.ON", "True"], folder=tmp_path)
    assert cfg.A.RATE == 1e-4  # YAML 1.1 reads 1e-4 as text
    assert cfg.A.STEPS == (3,)
    assert cfg.A.NAMES == ["y", "z"]
    assert cfg.A.ON is True
    assert cfg.A.ANY == 7
    assert schema.A.RATE == 0.1


def test_integers_pass_for_floats_but_not_the_reverse(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("A: {RATE: 1}\n")
    rate = loader.load(schema, "c", folder=tmp_path).A.RATE
    assert isinstance(rate, float)
    with pytest.raises(loader.ConfigError, match=r"A.STEPS .* must be tuple of int, got 3.5"):
        loader.load(schema, "c", ["A.STEPS", "3.5"], folder=tmp_path)


def test_a_file_that_is_no_mapping_is_refused(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("- 1\n")
    with pytest.raises(loader.ConfigError, match="must hold keys and values, got list"):
        loader.load(schema, "c", folder=tmp_path)


def test_an_empty_file_is_the_schema(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert loader.load(schema, "c", folder=tmp_path) == schema
