"""The archive for the VOC 2012 server: read back as comp4, and refused where the server would."""

import tarfile
from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation import DetectionTable, read_comp4
from resdet.evaluation.voc.submission import write_submission
from resdet.structures.classes import VOC_CLASSES
from resdet.structures.records import Detections

OURS = tuple(sorted(VOC_CLASSES, reverse=True))  # a model may know the classes in another order


def table(*ids):
    rng = np.random.default_rng(0)
    boxes = np.array([[0, 0, 10.5, 1 / 3], [1, 2, 3, 4]])
    labels = [OURS.index("bird"), OURS.index("cat")]
    ids = ids or ("2008_000001", "2012_000007")
    return DetectionTable.of(Detections(i, boxes, labels, rng.random(2)) for i in ids)


def test_the_archive_unpacks_to_twenty_comp4_files(tmp_path):
    path = tmp_path / "new" / "sub.tar.gz"
    write_submission(path, table(), OURS)
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        for member in members:
            content = archive.extractfile(member).read()
            (tmp_path / member.name.rsplit("/", 1)[1]).write_bytes(content)
    expected = [f"results/VOC2012/Main/comp4_det_test_{name}.txt" for name in VOC_CLASSES]
    assert [m.name for m in members] == expected
    assert all(m.isfile() and m.mode == 0o644 for m in members)
    lines = (tmp_path / "comp4_det_test_bird.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["2008_000001", "2012_000007"]
    assert [line.split()[2:] for line in lines] == [["1.0", "1.0", "10.5", repr(1 / 3)]] * 2
    for sent in (path, path.parent):
        sent.unlink() if sent.is_file() else sent.rmdir()
    back, before = read_comp4(tmp_path, OURS), table()
    for label in (OURS.index("bird"), OURS.index("cat")):
        one, two = back.labels == label, before.labels == label
        np.testing.assert_array_equal(back.boxes[one], before.boxes[two])
        np.testing.assert_array_equal(back.scores[one], before.scores[two])
    assert len(back) == len(before)


def test_the_bytes_are_those_of_the_detections(tmp_path, monkeypatch):
    write_submission(tmp_path / "a.tar.gz", table(), OURS)
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_submission(tmp_path / "b.tgz", table(), OURS)
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tgz").read_bytes()
    write_submission(tmp_path / "b.tgz", table("2011_000001"), OURS)
    assert (tmp_path / "a.tar.gz").read_bytes() != (tmp_path / "b.tgz").read_bytes()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"path": "sub.zip"}, r"must be a .tar.gz, got .*sub.zip"),
        ({"class_names": ["cat", "dog"]}, r"the classes \[cat, dog\] for \[aeroplane, "),
        ({"class_names": [*OURS, "cell"]}, r"the classes .*cell\] for \[aeroplane, "),
        ({"ids": ("2008_000001", "000001")}, r"1 image id not of VOC 2012.*'000001'"),
        ({"ids": ("2008_000001.jpg",)}, "1 image id not of VOC 2012"),
        ({"ids": ("2013_000001",)}, "1 image id not of VOC 2012"),
        ({"ids": ("2008_000001\n",)}, "1 image id not of VOC 2012"),
        ({"rows": 0}, "no detection at all"),
        ({"box": [5, 5, 5, 9]}, r"1 box without area, such as \[5.0, 5.0, 5.0, 9.0\] in '2008"),
        ({"box": [5, 9, 7, 5]}, "1 box without area"),
        ({"box": [5, np.nan, 7, 9]}, "must be finite"),
    ],
)
def test_what_the_server_would_refuse(tmp_path, change, text):
    found = table(*change.get("ids", ()))
    if "rows" in change:
        found = DetectionTable.of([])
    if "box" in change:
        found = replace(found, boxes=np.vstack([change["box"], found.boxes[1:]]))
    path = tmp_path / change.get("path", "sub.tar.gz")
    with pytest.raises(ValueError, match=text):
        write_submission(path, found, change.get("class_names", OURS))
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"the classes.*image id"):
        write_submission(tmp_path / "x.tgz", table("7"), ["cat"])
