"""Flipped, cut and swapped copies of every kind of file: refused in words, or read as they are."""

import pytest
from flipping import HOW, Hang, broken, flip, limited
from kinds import KINDS, Kind

FEW, MANY = 50, 1000
HEAVY = ("MSRA .pkl", "detectron2 .pkl", "timm .safetensors")  # a network is made of each


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path_factory.mktemp("cache")))


def check(kind, folder, copies):
    tally = flip(kind, folder, copies)
    assert tally.faults == []
    assert tally.copies == copies
    assert tally.refused > copies / 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_broken_copies(kind, tmp_path):
    check(kind, tmp_path, FEW // 3 if kind.name in HEAVY else FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_many_broken_copies(kind, tmp_path):
    check(kind, tmp_path, MANY)


def test_copies_are_always_the_same_and_broken():
    sound = bytes(range(256)) * 4
    for number in range(300):
        how, copy = broken(sound, number)
        assert how == HOW[number % 3]
        assert (how, copy) == broken(sound, number)
        assert copy != sound or how == "swap"
        assert len(copy) < len(sound) if how == "cut" else len(copy) == len(sound)


def write(folder):
    path = folder / "file"
    path.write_bytes(bytes(range(200)))
    return path


def raises(error):
    def read(path):
        if path.read_bytes() != bytes(range(200)):
            raise error

    return read


@pytest.mark.parametrize(
    ("read", "sealed", "closed", "fault"),
    [
        (lambda path: 1, True, True, None),
        (lambda path: path.read_bytes(), True, False, "read as whole"),
        (lambda path: path.read_bytes(), False, True, "read as whole"),
        (lambda path: path.read_bytes(), False, False, None),
        (raises(ValueError("words")), True, True, None),
        (raises(TypeError("words")), False, False, "TypeError: words"),
        (raises(UnicodeDecodeError("utf-8", b"x", 0, 1, "y")), False, False, "a library's own"),
        (raises(ValueError("x" * 9000)), False, False, "a message of 9000 characters"),
        (raises(Hang()), False, False, "over 10 s"),
    ],
)
def test_what_counts_as_a_fault(tmp_path, read, sealed, closed, fault):
    tally = flip(Kind("any", write, read, sealed, closed), tmp_path, 9)
    assert bool(tally.faults) == (fault is not None)
    assert all(fault in told for told in tally.faults)
    assert (tmp_path / "file").read_bytes() == bytes(range(200))


def test_a_hang_is_ended():
    def hang():
        with limited(0.05):
            while True:
                pass

    with pytest.raises(Hang):
        hang()
