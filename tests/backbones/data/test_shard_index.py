"""The index of tar shards: never an error of the cache, never a place that is not in the files."""

import io
import os
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

from backbones.data import shard_index
from backbones.data.shards import read_shards
from backbones.files import cache as caches


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache folder; any index is worth while, and all files are old."""
    now = time.time_ns
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shard_index, "_WORTHWHILE", 1)
    monkeypatch.setattr(caches.time, "time_ns", lambda: now() + 60_000_000_000)
    return tmp_path / "cache"


def write_tar(path, first, label=None, count=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for i in range(first, first + count):
            number = i % 2 if label is None else label
            for name, data in ((f"{i}.png", b"image %d" % i), (f"{i}.cls", b"%d" % number)):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def root(tmp_path, cache):
    for shard in range(3):
        write_tar(tmp_path / "data" / "train" / f"{shard}.tar", 3 * shard)
    write_tar(tmp_path / "data" / "val" / "0.tar", 20)
    return tmp_path / "data"


@pytest.fixture
def scanned(monkeypatch):
    """The shards whose headers were read."""
    names, scan = [], shard_index._scan
    monkeypatch.setattr(shard_index, "_scan", lambda p: (names.append(p.name), scan(p))[1])
    return names


def contents(images):
    found = []
    for shard, first, size in images.places.tolist():
        found.append(Path(images.shards[shard]).read_bytes()[first : first + size])
    return found


def same(a, b):
    assert (a.class_names, a.shards, a.members) == (b.class_names, b.shards, b.members)
    for left, right in ((a.places, b.places), (a.labels, b.labels)):
        assert left.dtype == right.dtype == np.int64
        assert np.array_equal(left, right)
    return True


def test_the_second_time_nothing_is_scanned(root, cache, scanned):
    first = read_shards(root, "train")
    assert contents(first) == [b"image %d" % i for i in range(9)]
    assert scanned == ["0.tar", "1.tar", "2.tar"]
    assert [p.name[:7] for p in cache.iterdir()] == ["shards-"]
    scanned.clear()
    assert same(first, read_shards(root, "train"))
    assert scanned == []
    read_shards(root, "val")
    read_shards(root, "train")
    read_shards(root, "val")
    assert scanned == ["0.tar"]


def test_only_changed_and_new_shards_are_scanned(root, scanned):
    read_shards(root, "train")
    scanned.clear()
    write_tar(root / "train" / "1.tar", 30)
    write_tar(root / "train" / "3.tar", 40)
    (root / "train" / "0.tar").unlink()
    changed = read_shards(root, "train")
    assert scanned == ["1.tar", "3.tar"]
    assert contents(changed) == [b"image %d" % i for i in (30, 31, 32, 6, 7, 8, 40, 41, 42)]


def test_a_shard_replaced_under_its_old_time_and_size_is_seen(root):
    assert read_shards(root, "train").labels[3:6].tolist() == [1, 0, 1]
    path = root / "train" / "1.tar"
    before = path.stat()
    write_tar(path, 3, label=0)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert read_shards(root, "train").labels[3:6].tolist() == [0, 0, 0]


def test_shards_of_this_moment_and_few_images_are_not_kept(root, cache, monkeypatch):
    monkeypatch.setattr(shard_index, "_WORTHWHILE", 10)
    read_shards(root, "train")
    assert not cache.exists()
    monkeypatch.setattr(shard_index, "_WORTHWHILE", 1)
    newest = max(p.stat().st_ctime_ns for p in (root / "train").iterdir())
    monkeypatch.setattr(caches.time, "time_ns", lambda: newest + 1)
    read_shards(root, "train")
    assert not cache.exists()


def test_faults_are_told_each_time(root):
    path = root / "train" / "2.tar"
    path.write_bytes(path.read_bytes()[:1000])
    for _ in range(2):
        with pytest.raises(ValueError, match=r"2\.tar must"):
            read_shards(root, "train")


def spoil(file, how):
    whole = file.read_bytes()
    _, _, body = whole.partition(b"\n")
    file.write_bytes(
        {
            "empty": b"",
            "cut": whole[:-20],
            "noise": bytes(range(256)),
            "another place": whole.replace(b"[512,7]", b"[513,7]"),
            "another format": whole.replace(b"shards/2", b"shards/0"),
            "another root": whole.replace(b'"root":"/', b'"root":"/x'),
            "no digest": b"{}\n" + body,
            "a list": b"[]\n" + body,
        }[how]
    )
    return whole


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "cut", "noise", "another place", "another format", "another root"),
        *("no digest", "a list"),
    ],
)
def test_a_broken_cache_is_rebuilt(root, cache, scanned, how):
    first = read_shards(root, "train")
    (file,) = cache.iterdir()
    whole = spoil(file, how)
    assert file.read_bytes() != whole
    scanned.clear()
    assert same(first, read_shards(root, "train"))
    assert len(scanned) == 3
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(root, cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    assert len(read_shards(root, "train")) == 9
    cache.unlink()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError()))
    assert len(read_shards(root, "train")) == 9
    assert list(cache.iterdir()) == []  # nothing half-written is left


def test_the_cache_is_never_in_the_data(root, monkeypatch):
    before = sorted(root.rglob("*"))
    for folder in (root / "train", root / "train" / "new"):
        monkeypatch.setenv("RESDET_CACHE", str(folder))
        assert len(read_shards(root, "train")) == 9
    assert sorted(root.rglob("*")) == before
