"""The matches on disk: everything comes back, and a broken file is named."""

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest

from resdet.evaluation import load_matches, match_voc, save_matches
from resdet.evaluation.record import Record, matches_path, write_result
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord


@pytest.fixture
def record():
    truth = GroundTruth(np.array([[0, 0, 10, 10], [20, 20, 40, 40]]), [0, 1], [False, True])
    found = Detections("i", np.array([[0, 0, 10, 9], [50, 50, 60, 60]]), [0, 1], [0.9, 0.8])
    matches = match_voc({"i": truth, 7: truth}, [found], ["a", "ü"], thresholds=[0.5, 0.75])
    return Record(matches, "/data", ("i.jpg", "7.png"))


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return a == b


def test_there_and_back(record, tmp_path):
    path = matches_path(tmp_path / "vgg16.json")
    assert path.name == "vgg16.matches.npz"
    assert matches_path(tmp_path / "run.1").name == "run.1.matches.npz"
    save_matches(path, record)
    back = load_matches(path)
    assert same(back, record)
    assert back.matches.objects.tolist() == [[0, -1], [0, -1]]


def test_a_file_cut_short(record, tmp_path):
    path = tmp_path / "a.npz"
    save_matches(path, record)
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.npz must be the matches"):
            load_matches(path)


def test_absent(tmp_path):
    with pytest.raises(FileNotFoundError, match="matches must exist"):
        load_matches(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("labels", np.array([0, 2]), r"labels outside \[0, 2\)"),
        ("images", np.array([0, -1]), r"images outside \[0, 2\)"),
        ("scores", np.array([0.9, np.nan]), "scores with a number that is not finite"),
        ("objects", np.full((2, 2), 4, np.int32), r"objects outside \[-1, 4\)"),
        ("boxes", np.zeros((2, 3)), "boxes of shape"),
        ("verdicts", np.array([["a", "b"]] * 2), "verdicts of shape"),
    ],
)
def test_arrays_that_do_not_fit(record, tmp_path, name, value, text):
    path = tmp_path / "a.npz"
    broken = dataclasses.replace(record.matches, **{name: value})
    save_matches(path, dataclasses.replace(record, matches=broken))
    with pytest.raises(ValueError, match=text):
        load_matches(path)


def test_pickles_are_not_opened(tmp_path):
    path = tmp_path / "a.npz"
    parts = [f"truth_{name}" for name in ("images", "labels", "boxes", "ignored")]
    parts += ["images", "labels", "scores", "boxes", "verdicts", "objects"]
    np.savez(path, head=np.array([{}], object), **{name: np.zeros(0) for name in parts})
    with pytest.raises(ValueError, match="must be the matches .*allow_pickle=False"):
        load_matches(path)


def rewritten(path, record, change):
    """The file with its parts changed: `change` takes and returns {name: bytes}."""
    save_matches(path, record)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in change(parts):
            file.writestr(name, content)
    return path


def claim(shape):
    """An array's header without the array."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: [*(p | {"boxes.npy": claim((1 << 45, 4))}).items()], "Unable to allocate|array"),
        (lambda p: [*p.items(), ("more.npy", b"")], "the parts"),
        (lambda p: [*p.items()][1:], "the parts"),
        (lambda p: [*p.items(), ("boxes.npy", p["boxes.npy"])], "the parts"),
        (lambda p: [("../" + name, value) for name, value in p.items()], "the parts"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_parts_that_a_stranger_wrote(record, tmp_path, change, said):
    path = rewritten(tmp_path / "a.npz", record, change)
    with pytest.raises(ValueError, match=rf"a\.npz must be the matches .*({said})"):
        load_matches(path)


def test_a_bomb_is_not_unpacked(record, tmp_path, monkeypatch):
    zeros = claim((1 << 17, 4)) + bytes(1 << 22)
    path = rewritten(tmp_path / "a.npz", record, lambda p: [*(p | {"boxes.npy": zeros}).items()])
    assert path.stat().st_size < 1 << 15
    monkeypatch.setattr("resdet.evaluation.record._MOST_BYTES", 1 << 20)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(ValueError, match=r"bytes unpacked for at most 1,048,576"):
        load_matches(path)


HEADS = {
    "format": [None, "resdet.matches/2", {}],
    "rules": [{}, [], {"kind": "voc"}, "voc"],
    "class_names": ["ab", ["a", 1], ["a", "a"], None],
    "thresholds": [[], [2.0], [0.5, 0.5], [float("nan")], ["a", "b"], 0.5],
    "image_ids": [["i", "i"], [["i"], 7], [1.5, 7], "ab"],
    "root": [None, 5, ["/"]],
    "files": [["a"], [1, 2], "ab", [None, None]],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, values in HEADS.items() for v in values])
def test_a_head_that_makes_no_sense(record, tmp_path, key, value):
    def change(parts):
        text = np.load(io.BytesIO(parts["head.npy"])).tobytes()
        head = np.frombuffer(json.dumps(json.loads(text) | {key: value}).encode(), np.uint8)
        buffer = io.BytesIO()
        np.save(buffer, head)
        return [*(parts | {"head.npy": buffer.getvalue()}).items()]

    path = rewritten(tmp_path / "a.npz", record, change)
    with pytest.raises(ValueError, match=rf"a\.npz must be the matches .*, got {key} "):
        load_matches(path)


def test_rules_of_before_are_read(record, tmp_path):
    def change(parts):
        head = json.loads(np.load(io.BytesIO(parts["head.npy"])).tobytes())
        first = ("kind", "iou", "ties", "score_decimals", "box_decimals")
        head["rules"] = {name: head["rules"][name] for name in first} | {"recall": "float"}
        buffer = io.BytesIO()
        np.save(buffer, np.frombuffer(json.dumps(head).encode(), np.uint8))
        return [*(parts | {"head.npy": buffer.getvalue()}).items()]

    back = load_matches(rewritten(tmp_path / "a.npz", record, change)).matches.rules
    assert back == dataclasses.replace(record.matches.rules, recall="numpy")


def test_a_head_without_end(record, tmp_path):
    def change(parts):
        buffer = io.BytesIO()
        np.save(buffer, np.frombuffer(b"[" * 100_000, np.uint8))
        return [*(parts | {"head.npy": buffer.getvalue()}).items()]

    with pytest.raises(ValueError, match=r"a\.npz must be the matches .*recursion"):
        load_matches(rewritten(tmp_path / "a.npz", record, change))


def test_it_names_the_pictures(tmp_path):
    truth = GroundTruth([[10, 10, 40, 30]], [0])
    pictures = [tmp_path / f"JPEGImages/2008_0000{n}.png" for n in (12, 7)]
    records = tuple(ImageRecord(path.stem, path, 50, 50, truth) for path in pictures)
    data = Dataset("voc_2008_val", "voc", ("cat",), records, tmp_path)
    truths = {record.image_id: record.ground_truth for record in reversed(records)}
    matches = match_voc(truths, [], data.class_names)
    write_result(tmp_path / "r.json", {"mAP": {}}, matches, data, None)
    record = load_matches(tmp_path / "r.matches.npz")
    assert record.root == str(tmp_path / "JPEGImages")
    assert record.files == ("2008_00007.png", "2008_000012.png")
    written = json.loads((tmp_path / "r.json").read_text())
    assert written == {"mAP": {}, "dataset": "voc_2008_val", "matches": "r.matches.npz"}
