"""Results on disk: replaced whole or not at all, and never over what is read."""

import os
import re

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import check_folder, check_writable, write_json


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


def test_a_place_to_write_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    check_writable(tmp_path / "new" / "r.json")
    check_writable(tmp_path / "file")  # replaced
    for wrong in (tmp_path, tmp_path / "file" / "r.json", tmp_path / "file" / "new" / "r.json"):
        with pytest.raises(OSError, match=f"got .*{re.escape(str(wrong))}"):
            check_writable(wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_that_is_no_file_of_results_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"got the device or pipe .*pipe"):
        check_writable(tmp_path / "pipe")
    read = tmp_path / "read.json"
    read.write_text("[]")
    (tmp_path / "link.json").symlink_to(read)
    for path in (read, tmp_path / "link.json"):
        with pytest.raises(OSError, match=r"must not be one that is read, got .*\.json; name"):
            check_writable(path, (None, read))
    write_json(tmp_path / "link.json", [1])
    assert (tmp_path / "link.json").is_symlink()
    assert read.read_text() == "[1]\n"
    check_folder(tmp_path / "new")
    with pytest.raises(OSError, match=r"new or a folder, got the file .*read\.json"):
        check_folder(read)


def test_text_that_no_file_can_hold(tmp_path):
    with pytest.raises(ValueError, match=r"r\.json: text must be Unicode, got '\\ud800'"):
        write_json(tmp_path / "r.json", {"\ud800": 1})
    assert not list(tmp_path.iterdir())
