"""YAML of plain values, or an error that says where."""

import pytest

from backbones.files import plain_yaml
from backbones.files.plain_yaml import parse_yaml, read_yaml


def test_values_are_typed_unless_they_are_not_to_be():
    text = "a: 1\nb: [1.5, yes, null, '2']\n"
    assert parse_yaml(text) == {"a": 1, "b": [1.5, True, None, "2"]}
    assert parse_yaml(text, typed=False) == {"a": "1", "b": ["1.5", "yes", "null", "2"]}
    assert parse_yaml("# nothing\n") is None
    assert parse_yaml("a: &x [1]\nb: *x\n") == {"a": [1], "b": [1]}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: 1\nb: 2\na: 3\n", "'a' twice in one mapping in line 1"),
        ("x:\n  - {k: 1, k: 2}\n", "'k' twice in one mapping in line 2"),
        ("a: &x [*x]", "an alias that leads back to itself in line 1"),
        ("- " * 1500, "values within values, deeper than can be read"),
        ("a: [1", "expected"),
        ("a: !!bool abc", "."),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
    ],
)
def test_what_no_config_is(text, fault):
    with pytest.raises(ValueError, match=fault):
        parse_yaml(text)


def test_aliases_do_not_stand_for_billions():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(ValueError, match="aliases that stand for more than 100000 values in line"):
        parse_yaml("\n".join(lines))


def test_a_file_is_there_and_small(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    with pytest.raises(FileNotFoundError):
        read_yaml(path)
    path.write_text("a: \u00e9\n", encoding="utf-8")
    assert read_yaml(path) == {"a": "\u00e9"}
    monkeypatch.setattr(plain_yaml, "_LARGEST", 5)
    with pytest.raises(ValueError, match="6 bytes for at most 5"):
        read_yaml(path)
    with pytest.raises(ValueError, match="7 characters for at most 5"):
        parse_yaml("a: 1234")
