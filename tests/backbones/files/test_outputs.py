"""Results on disk: replaced whole or not at all, and never over what is read."""

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json


def test_json_round_trip_and_replacement(tmp_path):
    path = tmp_path / "new" / "r.json"
    write_json(path, {"first": 1})
    write_json(path, {"naïve": [0.1, None]})
    assert read_json(path) == {"naïve": [0.1, None]}
    assert [p.name for p in path.parent.iterdir()] == ["r.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "r.json"
    write_json(path, 1)
    with pytest.raises(ValueError, match="numbers must be finite"):
        write_json(path, {"AP": float("nan")})
    with pytest.raises(TypeError):
        write_json(path, object())
    assert read_json(path) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_one(tmp_path):
    read = tmp_path / "read.json"
    (tmp_path / "link.json").symlink_to(read)
    write_json(tmp_path / "link.json", [1])
    assert (tmp_path / "link.json").is_symlink()
    assert read.read_text() == "[1]\n"


def test_text_that_no_file_can_hold(tmp_path):
    with pytest.raises(ValueError, match=r"r\.json: text must be Unicode, got '\\ud800'"):
        write_json(tmp_path / "r.json", {"\ud800": 1})
    assert not list(tmp_path.iterdir())
