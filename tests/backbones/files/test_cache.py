"""What was read of files, kept in the user's cache folder."""

from pathlib import Path

import pytest

from backbones.files import cache as caches
from backbones.files.cache import Cache, is_settled, stamp


def test_where_the_cache_lies(monkeypatch, tmp_path):
    def place(root="/data"):
        return caches._path(Path(root), "shards/1")

    monkeypatch.delenv("RESDET_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert place().parent == tmp_path / "xdg" / "resdet"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert place().parent == tmp_path / "home" / ".cache" / "resdet"
    assert place() != place("/data2")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    return Cache(tmp_path / "data", "heads/1")


def test_what_is_saved_is_read_until_another_is(cache, tmp_path):
    assert cache.load() == {}
    cache.save({"a": [1, "b"]})
    assert cache.load() == Cache(tmp_path / "data", "heads/1").load() == {"a": [1, "b"]}
    cache.save({"c": []})
    assert cache.load() == {"c": []}
    (file,) = (tmp_path / "cache").iterdir()
    assert file.name.startswith("heads-")


def test_of_another_root_or_form_or_broken_it_is_read_anew(cache, tmp_path):
    cache.save({"a": [1]})
    (tmp_path / "other").mkdir()
    assert Cache(tmp_path / "other", "heads/1").load() == {}
    assert Cache(tmp_path / "data", "heads/2").load() == {}
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    for broken in (b"", b"{}", whole[:-1], whole.replace(b"[1]", b"[2]"), b"[]\n" + whole):
        file.write_bytes(broken)
        assert cache.load() == {}


def test_a_cache_in_the_data_or_one_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "data" / "cache"))
    inside = Cache(tmp_path / "data", "heads/1")
    inside.save({"a": [1]})
    assert inside.load() == {}
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "file" / "cache"))
    closed = Cache(tmp_path / "data", "heads/1")
    closed.save({"a": [1]})
    assert closed.load() == {}
    assert not (tmp_path / "data").exists()


def test_a_file_of_this_moment_is_not_settled(tmp_path):
    file = tmp_path / "a"
    file.write_text("abc")
    mark = stamp(file)
    assert (mark[0], len(mark)) == (3, 3)
    assert not is_settled(mark)
    assert is_settled([3, 0, 0])
    assert stamp(tmp_path / "b") == []
    assert not is_settled([])
