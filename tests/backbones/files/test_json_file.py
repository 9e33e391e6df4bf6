"""JSON from anybody: read the same way everywhere, or refused in a line."""

import gc
import json
import math
import os

import pytest

from backbones.files.json_file import gc_paused, read_json, repeated_keys


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"a": 1,\n "b": [1, 2', r"r\.json:2: file must be JSON"),
        (b"", r"r\.json:1: file must be JSON"),
        (b'{"a": NaN}', "got the number NaN"),
        (b'{"a": -1e400}', "got the number -1e400"),
        (b'{"a": "\xff\xfe"}', r"r\.json: file must be JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", r"r\.json: file must be JSON"),
        (b"[" * 200_000, r"r\.json: file must be JSON"),
    ],
)
def test_broken_json(tmp_path, content, text):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=text):
        read_json(path)
    with pytest.raises(FileNotFoundError, match=r"must exist, got .*none\.json"):
        read_json(tmp_path / "none.json")


def test_the_fast_reader_and_the_slow_one_read_the_same(tmp_path, monkeypatch):
    text = '{"a": [1, -0.0, 1e-7, 0.1, 18446744073709551615, "\\u00e9", true, null], "a": [3, 0.3]}'
    (tmp_path / "plain.json").write_text(text)
    (tmp_path / "lone.json").write_text('["\\ud800"]')  # half a pair of surrogates
    (tmp_path / "deep.json").write_text("[" * 2000 + "]" * 2000)
    assert read_json(tmp_path / "plain.json") == json.loads(text)
    assert read_json(tmp_path / "lone.json") == ["\ud800"]
    with pytest.raises(ValueError, match=r"deep\.json: file must be JSON, got"):
        read_json(tmp_path / "deep.json")
    monkeypatch.setattr("backbones.files.json_file._read_slowly", None)
    assert read_json(tmp_path / "plain.json") == json.loads(text)


def test_the_collector_is_paused_and_goes_on(tmp_path):
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "none.json")
    assert gc.isenabled()


def test_what_is_not_finite_is_read_where_the_reader_tells_it_itself(tmp_path):
    path = tmp_path / "r.json"
    path.write_text('[NaN, Infinity, 1e400, 1e30, "1e400"]')
    first, *others = read_json(path, finite=False)
    assert math.isnan(first)
    assert others == [math.inf, math.inf, 1e30, "1e400"]
    path.write_text('["NaN 1e400", 1e30, "\\ud800"]')
    assert read_json(path) == ["NaN 1e400", 1e30, "\ud800"]


def test_a_file_that_memory_cannot_hold_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "r.json"
    path.touch()
    os.truncate(path, 1 << 40)  # a terabyte that takes no room on the disk
    with pytest.raises(ValueError, match=r"r\.json: file must fit into memory, got 1099\.5 GB"):
        read_json(path)
    assert repeated_keys(path) == []


def test_the_memory_is_the_one_that_this_process_may_use(tmp_path, monkeypatch):
    path = tmp_path / "r.json"
    path.write_text(f'"{"x" * 98}"')
    monkeypatch.setattr("backbones.files.json_file.available_memory", lambda: 400)
    assert read_json(path) == "x" * 98
    monkeypatch.setattr("backbones.files.json_file.available_memory", lambda: 399)
    with pytest.raises(ValueError, match="must fit into memory"):
        read_json(path)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('{"a": 1, "b": {"a": 2}}', []),
        ('[{"a": 1, "a": 1, "a": 2}, {"b": {"c": 1, "c": 2}}, {"a": 0, "a": 0}]', ["a", "c"]),
        ("[" * 200_000, []),
        ("{", []),
    ],
)
def test_keys_that_stand_twice_in_one_object(tmp_path, text, keys):
    (tmp_path / "r.json").write_text(text)
    assert repeated_keys(tmp_path / "r.json") == keys
