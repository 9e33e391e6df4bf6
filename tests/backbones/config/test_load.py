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


def test_one_value_stands_for_a_list_of_one(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("A: {STEPS: 3, NAMES: y}\n")
    cfg = loader.load(schema, "c", folder=tmp_path)
    assert (cfg.A.STEPS, cfg.A.NAMES) == ((3,), ["y"])
    assert loader.load(schema, "c", ["A.STEPS", "7"], folder=tmp_path).A.STEPS == (7,)


@pytest.mark.parametrize(
    ("key", "value"), [("STEPS", "x"), ("STEPS", "True"), ("NAMES", "[y, z"), ("PAIRS", "3")]
)
def test_one_value_of_another_type_is_none(schema, tmp_path, key, value):
    (tmp_path / "c.yaml").write_text("")
    schema.A.PAIRS = [[1, 2]]
    with pytest.raises(loader.ConfigError, match=rf"A\.{key} .* must be \w+ of .*, got"):
        loader.load(schema, "c", [f"A.{key}", value], folder=tmp_path)


def test_a_file_that_is_no_mapping_is_refused(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("- 1\n")
    with pytest.raises(loader.ConfigError, match="must hold keys and values, got list"):
        loader.load(schema, "c", folder=tmp_path)


def test_an_empty_file_is_the_schema(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert loader.load(schema, "c", folder=tmp_path) == schema


BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefghijklmn", "bcdefghijklmno")
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BOMB + "A: {NAMES: *o}", "aliases that stand for more than 100000 values in line 6"),
        (BOMB, "aliases that stand for more"),
        ("A: &a {NAMES: *a}", "an alias that leads back to itself in line 1"),
        ("A: {NAMES: " + "[" * 5000, "deeper than can be read"),
        ("A: {RATE: 1}\nA: {RATE: 2}", "'A' twice in one mapping in line 1"),
        ("# " + "x" * 300_000, "bytes for at most"),
        ("A: !!python/object/apply:os.mkdir [ran]", "could not determine a constructor"),
        ("A: !!bool maybe", "must be plain YAML, got: 'maybe'"),
        ("A: !!timestamp maybe", "must be plain YAML, got: .*groupdict"),
        ("A: 2001-99-99", "must be plain YAML, got: month"),
        ("A: 0x_", "must be plain YAML, got: invalid literal"),
        ("A: " + "9" * 5000, "must be plain YAML, got: Exceeds"),
        ("A: {RATE: 1" + "0" * 400 + "}", r"A\.RATE .* must be float"),
        ("A: {RATE: " + "x" * 9000 + "}", r"A\.RATE .* must be float"),
        ("A: \x18", "must be plain YAML, got: unacceptable character"),
        (b"A: \xff", "must be plain YAML, got: 'utf-8' codec"),
        ("_BASE_: /dev/zero", "_BASE_ of c.yaml must be an existing file, got /dev/zero"),
    ],
)
def test_a_file_of_a_stranger_is_one_short_error(schema, tmp_path, monkeypatch, text, fault):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(loader.ConfigError, match=rf"(?s){fault}") as error:
        loader.load(schema, "c", folder=tmp_path)
    assert len(str(error.value)) < 1000
    assert not (tmp_path / "ran").exists()


def test_aliases_that_spare_writing_are_read(schema, tmp_path):
    (tmp_path / "c.yaml").write_text("A: {NAMES: &a [y, z], ANY: *a}")
    assert loader.load(schema, "c", folder=tmp_path).A.ANY == ["y", "z"]


@pytest.mark.parametrize("text", ["{[]: 1}", "(" * 5000, "{[]}", "1" * 5000])
def test_odd_words_on_the_command_line_are_text(schema, tmp_path, text):
    (tmp_path / "c.yaml").write_text("")
    assert text == loader.load(schema, "c", ["A.ANY", text], folder=tmp_path).A.ANY


def test_the_config_in_a_checkpoint_names_no_other_file(schema, tmp_path):
    (tmp_path / "base.yaml").write_text("A: {RATE: 7}")
    assert loader.loads(schema, "A: {RATE: 3}", "model.pth").A.RATE == 3
    with pytest.raises(loader.ConfigError, match=r"(?s)model\.pth.*must stand alone, got _BASE_"):
        loader.loads(schema, f"_BASE_: {tmp_path}/base.yaml", "model.pth")


def test_a_section_that_does_not_exist_is_told_once(schema: CfgNode, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("a: {RATE: 1, NAMES: [y]}\nB: {RATE: 2}\n")
    with pytest.raises(loader.ConfigError) as told:
        loader.load(schema, "c", folder=tmp_path)
    section, key = told.value.faults
    assert section == "a (c.yaml) is not a known section; did you mean A?"
    assert key.startswith("B.RATE (c.yaml) is not a known key; did you mean A.RATE")
