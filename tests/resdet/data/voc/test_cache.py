"""The cache of annotations: never an error, never a number that is not in the files."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from backbones.files import atomic as files
from backbones.files import cache as caches
from resdet.data.validate import Faults
from resdet.data.voc import cache as annotation_cache
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.reader import load_voc


def body(xmax, name="cat"):
    corners = f"<xmin>1</xmin><ymin>1</ymin><xmax>{xmax}</xmax><ymax>5</ymax>"
    size = "<size><width>60</width><height>40</height></size>"
    return f"{size}<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RESDET_CACHE", str(folder))
    monkeypatch.setattr(annotation_cache, "_WORTHWHILE", 1)
    return folder


@pytest.fixture
def root(write_voc, cache) -> Path:
    root = write_voc({"a": body(10.25), "b": body(20), "c": ""})
    age(root)
    return root


def age(root, seconds=60):
    """Let the files be older than they are; their ctime stays, so let the clock go on too."""
    for path in (root / "Annotations").glob("*.xml"):
        os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture(autouse=True)
def _later(monkeypatch):
    now = time.time_ns
    monkeypatch.setattr(caches.time, "time_ns", lambda: now() + 60_000_000_000)


@pytest.fixture
def parsed(monkeypatch):
    """The stems that were parsed."""
    stems = []
    read = annotation_cache.read_annotation

    def note(path, faults):
        stems.append(Path(path).stem)
        return read(path, faults)

    monkeypatch.setattr(annotation_cache, "read_annotation", note)
    return stems


def widths(root):
    records = load_voc(root, "train").records
    return [r.ground_truth.boxes[:, 2].tolist() for r in records]


def same(first, second):
    for a, b in zip(first.records, second.records, strict=True):
        assert (a.image_id, a.path, a.height, a.width) == (b.image_id, b.path, b.height, b.width)
        for name in ("boxes", "labels", "difficult", "crowd"):
            left, right = getattr(a.ground_truth, name), getattr(b.ground_truth, name)
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)
    return True


def test_the_second_time_nothing_is_parsed(root, cache, parsed):
    first = load_voc(root, "train")
    assert sorted(parsed) == ["a", "b", "c"]
    assert [p.name[:4] for p in cache.iterdir()] == ["voc-"]
    parsed.clear()
    assert same(first, load_voc(root, "train"))
    assert parsed == []


def test_only_changed_files_are_parsed_again(root, parsed):
    assert widths(root) == [[10.25], [20], []]
    parsed.clear()
    (root / "Annotations" / "b.xml").write_text(f"<annotation>{body(30)}</annotation>")
    assert widths(root) == [[10.25], [30], []]
    assert parsed == ["b"]


def test_a_file_replaced_under_its_old_time_and_size_is_seen(root):
    assert widths(root)[1] == [20]
    path = root / "Annotations" / "b.xml"
    before = path.stat()
    path.write_text(f"<annotation>{body(30)}</annotation>")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert widths(root)[1] == [30]


def test_files_of_this_moment_are_not_kept(root, monkeypatch, cache):
    newest = max(p.stat().st_ctime_ns for p in (root / "Annotations").iterdir())
    monkeypatch.setattr(caches.time, "time_ns", lambda: newest + 1)
    assert widths(root)[0] == [10.25]
    assert not cache.exists()


def test_a_split_does_not_forget_another(root, parsed):
    layout = voc_layout(root)
    for stems, expected in (("a", ["a"]), ("abc", ["b", "c"]), ("a", []), ("abc", [])):
        parsed.clear()
        annotation_cache.read_annotations(layout, stems, Faults(""))
        assert parsed == expected


def test_what_wrote_a_file_is_kept(write_voc, cache):
    flags = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    heads = "\n\t<folder/><filename/><path/><source><database>Unknown</database></source>"
    text = heads + body(10).replace("<object>", "<segmented/><object>").replace(
        "</name>", f"</name>{flags}"
    )
    root = write_voc({"a": text.replace("<xmin>1", "<xmin>3").replace("<ymin>1", "<ymin>3")})
    for _ in range(2):
        data = load_voc(root, "train")
        assert "labelImg writes them: tabs, path, truncated at the border in 1 of 1" in str(
            data.corners
        )
        assert data.records[0].ground_truth.boxes.tolist() == [[3, 3, 10, 5]]


def test_faults_are_told_each_time(root):
    (root / "Annotations" / "b.xml").write_text(f"<annotation>{body('?')}</annotation>")
    for _ in range(2):
        with pytest.raises(ValueError, match="b.xml, object 1"):
            load_voc(root, "train")


def spoil(file, how):
    content = file.read_bytes()
    _, _, rest = content.partition(b"\n")
    file.write_bytes(
        {
            "empty": b"",
            "cut": content[:-20],
            "noise": bytes(range(256)),
            "another number": content.replace(b"20", b"21"),
            "another format": content.replace(annotation_cache._FORM.encode(), b"voc/1"),
            "another root": content.replace(b'"root":"/', b'"root":"/x'),
            "no digest": b"{}\n" + rest,
            "a list": b"[]\n" + rest,
        }[how]
    )


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "cut", "noise", "another number", "another format", "another root"),
        *("no digest", "a list"),
    ],
)
def test_a_broken_cache_is_rebuilt(root, cache, parsed, how):
    first = load_voc(root, "train")
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    spoil(file, how)
    assert file.read_bytes() != whole
    parsed.clear()
    assert same(first, load_voc(root, "train"))
    assert sorted(parsed) == ["a", "b", "c"]
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(root, cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    assert widths(root)[0] == [10.25]
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError()))
    cache.unlink()
    assert widths(root)[0] == [10.25]
    assert list(cache.iterdir()) == []  # nothing half-written is left


def test_the_cache_is_never_in_the_data(root, monkeypatch):
    before = sorted(p for p in root.rglob("*"))
    for folder in (root, root / "Annotations", root / "new"):
        monkeypatch.setenv("RESDET_CACHE", str(folder))
        assert widths(root)[0] == [10.25]
    assert sorted(p for p in root.rglob("*")) == before


def test_where_the_cache_lies(monkeypatch, tmp_path):
    def file(root):
        return caches._path(root, "voc/2")

    monkeypatch.delenv("RESDET_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert file(Path("/data")).parent == tmp_path / "xdg" / "resdet"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert file(Path("/data")).parent == tmp_path / "home" / ".cache" / "resdet"
    assert file(Path("/data")) != file(Path("/data2"))


def test_few_annotations_are_not_kept(root, cache, monkeypatch):
    monkeypatch.setattr(annotation_cache, "_WORTHWHILE", 4)
    assert widths(root)[0] == [10.25]
    assert not cache.exists()
