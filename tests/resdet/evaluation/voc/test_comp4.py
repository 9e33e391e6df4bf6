"""comp4 folders: every digit comes back, and every fault names its file and line."""

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation import DetectionTable, read_comp4, write_comp4
from resdet.evaluation.voc import comp4
from resdet.evaluation.voc.comp4 import comp4_names
from resdet.structures.classes import VOC_CLASSES
from resdet.structures.records import Detections


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


def read(tmp_path, content):
    (tmp_path / "comp4_det_test_a.txt").write_bytes(content)
    return by_class(read_comp4(tmp_path, ["a"]), 0)


REGULAR = b"x 0.5 1 1 9 9\nyy 1e-05 2.25 -1 9 9\nx 0.25 1 1 1234567890 9\n"


@pytest.mark.parametrize(
    "content",
    [
        REGULAR,
        REGULAR[:-1],
        REGULAR.replace(b"\n", b"\r\n"),
        REGULAR.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + REGULAR,
        REGULAR.replace(b" ", b"  "),
        REGULAR.replace(b" ", b"\t"),
        REGULAR.replace(b" 1 ", b" +1 "),
        REGULAR.replace(b" 0.", b" ."),
        REGULAR.replace(b" 9", b" 009."),
        b"\n \n" + REGULAR + b"\n",
        b" " + REGULAR,
    ],
)
def test_one_table_however_it_is_spaced(tmp_path, content):
    ids, boxes, scores = read(tmp_path, content)
    assert ids == ["x", "yy", "x"]
    assert boxes == [[0, 0, 9, 9], [1.25, -2, 9, 9], [0, 0, 1234567890.0, 9]]
    assert scores == [0.5, 1e-05, 0.25]


def test_regular_lines_are_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("resdet.evaluation.voc.comp4._read_any", None)
    assert read(tmp_path, REGULAR)[0] == ["x", "yy", "x"]
    monkeypatch.setattr("resdet.evaluation.voc.comp4._LONGEST_ID", 2)
    assert read(tmp_path, REGULAR)[0] == ["x", "yy", "x"]
    with pytest.raises(TypeError):  # no table of ids as wide as a hostile file asks for
        read(tmp_path, REGULAR.replace(b"yy", b"yyy"))
    monkeypatch.setattr("resdet.evaluation.voc.comp4._LONGEST_ID", 9)
    assert read(tmp_path, "é\u2028 0.5 1 1 9 9".encode())[0] == ["é\u2028"]


def test_ids_of_any_length(tmp_path):
    lines = [f"{'x' * n} 0.5 1 1 9 9" for n in (1, 300, 2)]
    assert read(tmp_path, "\n".join(lines).encode())[0] == ["x", "x" * 300, "xx"]


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
    "line",
    [
        *("i 0.5 1 1 9", "i high 1 1 9 9", "i nan 1 1 9 9", "i 0.5 1 1 inf 9", "i 0.5 1 1 9 1e999"),
        *("i 0.5 1 1 9 1e300", "i 0.5 1 1 9 123456789012345678901", "i -1e10 1 1 9 9"),
        *("i 0.5 1_0 1 9 9", "i 0.5,1 1 1 9 9", 'i "0.5" 1 1 9 9', "i null 1 1 9 9", "i"),
        *("i [0.5] 1 1 9 9", "i true 1 1 9 9", "i 1-2 1 1 9 9", "i 0x1 1 1 9 9", "i 0.5 1 1 9\0 9"),
    ],
)
def test_malformed_lines_are_named(tmp_path, line):
    path = tmp_path / "comp4_det_test_a.txt"
    for blank in ("", "\n"):
        path.write_text(f"i 0.5 1 1 9 9\n{blank}{line}\n")
        at = 2 + len(blank)
        with pytest.raises(ValueError, match=rf"comp4_det_test_a\.txt:{at}: line must be"):
            read_comp4(tmp_path, ["a"])


def test_bytes_that_are_no_text(tmp_path):
    for content in (b"\xff\xfe\x00", b"\xff 0.5 1 1 9 9\n"):
        with pytest.raises(ValueError, match=r"comp4_det_test_a\.txt must be UTF-8"):
            read(tmp_path, content)


@pytest.mark.parametrize("image_id", ["", " x", "x\n", "a\nb", "a\rb"])
def test_ids_that_a_line_cannot_hold(tmp_path, image_id):
    found = [Detections(image_id, [[0, 0, 1, 1]], [0], [0.5])]
    with pytest.raises(ValueError, match="image id must be without line breaks and w"):
        write_comp4(tmp_path / "o", found, ["a"])
    assert not (tmp_path / "o").exists()


def test_numbers_that_are_not_finite_are_not_written(tmp_path):
    wrong = replace(table(n=3), scores=np.array([0.5, np.nan, 0.5]))
    with pytest.raises(ValueError, match="scores and corners must be finite"):
        write_comp4(tmp_path / "o", wrong, ["a", "b", "c"])


def test_awkward_ids_come_back(tmp_path):
    ids = ["img 7", "a  b", "é", "x\u2028y", "0x", 'q"q']
    write_comp4(tmp_path / "o", [Detections(i, [[0, 0, 1, 1]], [0], [0.5]) for i in ids], ["a"])
    assert by_class(read_comp4(tmp_path / "o", ["a"]), 0)[0] == ids


@pytest.mark.parametrize(
    "names",
    [
        ("w/ helmet", "w/o helmet", "..\\c"),
        ("../b", "a:b", "."),
        ("Cell", "cell", "CELL"),
        ("ü" * 300, "ü" * 301, ".."),
    ],
)
def test_classes_that_cannot_name_a_file_come_back(tmp_path, names):
    before = table()
    write_comp4(tmp_path / "o", before, names)
    files = [path.name for path in (tmp_path / "o").iterdir()]
    assert len({name.casefold() for name in files}) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["o"]
    after = read_comp4(tmp_path / "o", names)
    for label in range(3):
        assert by_class(after, label) == by_class(before, label)


def test_classes_as_others_write_them_are_read(tmp_path):
    (tmp_path / "comp4_det_test_a:b 100%.txt").write_text("i 0.5 1 1 9 9\n")
    assert len(read_comp4(tmp_path, ["a:b 100%"])) == 1
    with pytest.raises(ValueError, match=r"missing: c; of no class of the data: a:b 100%"):
        read_comp4(tmp_path, ["c"])


def test_the_official_names_are_those_of_the_devkit():
    assert comp4_names(VOC_CLASSES) == [f"comp4_det_test_{name}.txt" for name in VOC_CLASSES]


def test_a_file_that_ends_within_a_line_is_read_and_told(tmp_path, caplog):
    path = tmp_path / "comp4_det_test_a.txt"
    path.write_text("i 0.5 1 2 30 40\n")
    read_comp4(tmp_path, ("a",))
    assert caplog.messages == []
    path.write_text("i 0.5 1 2 30 4")  # once 40
    assert read_comp4(tmp_path, ("a",)).boxes[0, 3] == 4
    assert [f"{path} ends within a line" in message for message in caplog.messages] == [True]


@pytest.mark.parametrize("at_once", [1, 40, 1 << 20])
@pytest.mark.parametrize("last", ["b 1 1 2 3 4", "b  1 1 2 3 4"], ids=["alike", "other blanks"])
def test_a_file_is_read_in_parts_as_at_once(at_once, last, tmp_path, monkeypatch):
    monkeypatch.setattr(comp4, "_AT_ONCE", at_once)
    lines = ["é 0.5 1 2 3 4", "a 1e-05 1 2 3 4", "a 0.25 5 6 7 8.5", last]
    (tmp_path / "comp4_det_test_cat.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = comp4.read_comp4(tmp_path, ["cat"])
    assert table.image_ids == ("é", "a", "b")
    assert table.images.tolist() == [0, 1, 1, 2]
    assert table.scores.tolist() == [0.5, 1e-05, 0.25, 1]
    assert table.boxes[2].tolist() == [4, 5, 7, 8.5]
