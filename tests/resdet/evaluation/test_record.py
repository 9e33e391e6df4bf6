"""The matches on disk: everything comes back, and a broken file is named."""

import dataclasses

import numpy as np
import pytest

from resdet.evaluation import load_matches, match_voc, save_matches
from resdet.evaluation.record import Record, matches_path
from resdet.structures import Detections, GroundTruth


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
    np.savez(path, head=np.array([{}], object))
    with pytest.raises(ValueError, match="must be the matches"):
        load_matches(path)
