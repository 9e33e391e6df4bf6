"""comp4 folders: every digit comes back, and every fault names its file and line."""

import numpy as np
import pytest

from resdet.evaluation import DetectionTable, read_comp4, write_comp4
from resdet.structures import Detections


def table(seed=0, n=200):
    rng = np.random.default_rng(seed)
    boxes = rng.random((n, 4), np.float32) * 500
    boxes[0] = [0, 0, 0.1, 1 / 3]
    return DetectionTable.of(
        Detections(f"img {i % 7}", boxes[i], [i % 3], rng.random(1, np.float32)) for i in range(n)
    )


def by_class(t, label):
    rows = t.labels == label
    ids = [t.image_ids[i] for i in t.images[rows]]
    return ids, t.boxes[rows].tolist(), t.scores[rows].tolist()


def test_round_trip_is_bit_exact(tmp_path):
    before = table()
    write_comp4(tmp_path / "out", before, ["a", "b", "c d"])
    after = read_comp4(tmp_path / "out", ["a", "b", "c d"])
    for label in range(3):
        assert by_class(after, label) == by_class(before, label)


def test_corners_are_counted_from_1(tmp_path):
    write_comp4(tmp_path / "o", [Detections("7", [[0, 0, 10, 5]], [0], np.array([0.5]))], ["a"])
    text = (tmp_path / "o" / "comp4_det_test_a.txt").read_text()
    assert text == "7 0.5 1.0 1.0 10.0 5.0\n"


def test_reading_order_survives_jumps_between_images(tmp_path):
    lines = ["x 0.5 1 1 9 9", "y 0.5 1 1 9 9", "", "x 0.5 2 2 9 9"]
    (tmp_path / "comp4_det_test_a.txt").write_text("\n".join(lines))
    assert by_class(read_comp4(tmp_path, ["a"]), 0)[0] == ["x", "y", "x"]


def test_an_earlier_set_is_replaced_and_other_files_are_not(tmp_path):
    write_comp4(tmp_path / "o", table(), ["a", "b", "c"])
    write_comp4(tmp_path / "o", table(n=3), ["x", "y", "z"])
    names = sorted(p.name for p in (tmp_path / "o").iterdir())
    assert names == [f"comp4_det_test_{c}.txt" for c in "xyz"]
    (tmp_path / "o" / "notes.md").write_text("mine")
    with pytest.raises(ValueError, match=r"comp4 files only.*notes\.md"):
        write_comp4(tmp_path / "o", table(), ["a", "b", "c"])
    assert [p.name for p in tmp_path.iterdir()] == ["o"]  # nothing half-written is left


def test_missing_and_foreign_classes_are_listed(tmp_path):
    write_comp4(tmp_path / "o", table(), ["a", "b", "c"])
    with pytest.raises(ValueError, match="missing: d, e; of no class of the data: b, c"):
        read_comp4(tmp_path / "o", ["a", "d", "e"])
    with pytest.raises(ValueError, match="must be a folder of comp4 files"):
        read_comp4(tmp_path / "absent", ["a"])


@pytest.mark.parametrize(
    "line", ["i 0.5 1 1 9", "i high 1 1 9 9", "i nan 1 1 9 9", "i 0.5 1 1 inf 9"]
)
def test_malformed_lines_are_named(tmp_path, line):
    path = tmp_path / "comp4_det_test_a.txt"
    path.write_text(f"i 0.5 1 1 9 9\n\n{line}\n")
    with pytest.raises(ValueError, match=r"comp4_det_test_a\.txt:3: line must be"):
        read_comp4(tmp_path, ["a"])


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "comp4_det_test_a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"comp4_det_test_a\.txt must be UTF-8"):
        read_comp4(tmp_path, ["a"])


def test_class_names_stay_inside_the_folder(tmp_path):
    with pytest.raises(ValueError, match="usable in a file name"):
        write_comp4(tmp_path / "o", table(), ["a", "../b", "c"])
