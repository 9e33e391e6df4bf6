"""Arrays of every writer are read; whatever else a pickle names is refused, not run."""

import collections
import os
import pickle
import sys
import types

import numpy as np
import pytest

from backbones.files import numpy_pickle

VALUE = {
    "float": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(3, dtype=">i4"),
    "empty": np.zeros((0, 2), np.uint8),
    "bool": np.array([True, False]),
    "text": np.array(["ab", "c"]),
    "strided": np.arange(10)[::3],
    "scalar": np.float64(0.25),
    "plain": [1, 2.5, None, True, "x", b"y\xff", b"", (3, [4]), 2**70],
}


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        usable = type(b) is np.ndarray and b.dtype.isnative and b.flags.writeable
        return usable and a.shape == b.shape and np.array_equal(a, b)
    return a == b and type(a) is type(b)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read(tmp_path, protocol):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(VALUE, protocol))
    assert same(VALUE, numpy_pickle.load(path))


def test_the_path_of_another_numpy(tmp_path):
    path = tmp_path / "a.pkl"
    data = pickle.dumps(VALUE, 2)
    here = b"numpy._core" if b"numpy._core" in data else b"numpy.core"
    other = {b"numpy._core": b"numpy.core", b"numpy.core": b"numpy._core"}[here]
    path.write_bytes(data.replace(here, other))
    assert same(VALUE, numpy_pickle.load(path))


def test_arrays_and_strings_of_python_2(tmp_path):
    # {'data': array([1, 255], uint8), 'labels': [6]} as python 2 wrote it, protocol 2
    path = tmp_path / "batch"
    path.write_bytes(
        b"\x80\x02}q\x00(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\n"
        b"ndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01K\x02\x85cnumpy\ndtype\nq\x05U\x02u1"
        b"K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02"
        b"\x01\xfftbU\x06labels]K\x06au."
    )
    batch = numpy_pickle.load(path)
    assert batch.keys() == {"data", "labels"}
    assert batch["labels"] == [6]
    np.testing.assert_array_equal(batch["data"], np.array([1, 255], np.uint8))


class Harmless:
    """Would make a folder if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_code_is_refused_by_name_and_not_run(tmp_path, protocol):
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"a": np.ones(2), "b": Harmless(tmp_path / "ran")}, protocol))
    with pytest.raises(ValueError, match=rf"evil\.pkl must hold .*got {os.name}\.mkdir"):
        numpy_pickle.load(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        (np.array([None, {}], dtype=object), "an array of type .*O8"),
        (np.zeros(2, [("a", "i4")]), "an array of type .*V4"),
        (np.ma.masked_array([1]), r"numpy\.ma"),
        (collections.OrderedDict(), r"collections\.OrderedDict"),
        ({(1, 2): 3}, "a dict with a key of type tuple"),
        (np.ndarray, "_Class"),
        (types.SimpleNamespace(a=1), r"types\.SimpleNamespace"),
    ],
)
def test_other_types_are_refused(tmp_path, value, refused):
    path = tmp_path / "other.pkl"
    path.write_bytes(pickle.dumps({"value": value}, 4))
    with pytest.raises(ValueError, match=rf"other\.pkl must hold NumPy arrays .*{refused}"):
        numpy_pickle.load(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no pickle",
        pickle.dumps(VALUE)[:-20],
        pickle.dumps(np.arange(3)).replace(b"K\x03\x85", b"K\x04\x85"),  # a shape beyond its data
        b"\x80\x02]q\x00h\x00a.",  # a list in itself
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path, data):
    path = tmp_path / "cut.pkl"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"cut\.pkl must be a complete pickle"):
        numpy_pickle.load(path)
    with pytest.raises(FileNotFoundError, match=r"got .*none\.pkl"):
        numpy_pickle.load(tmp_path / "none.pkl")


def test_the_reader_cannot_be_changed_by_a_file(tmp_path):
    # numpy.dtype, then a state for the class itself: pickle would set its attributes
    path = tmp_path / "state.pkl"
    path.write_bytes(b"\x80\x02cnumpy\ndtype\n}U\x04evilK\x01sb.")
    with pytest.raises(ValueError, match="complete pickle"):
        numpy_pickle.load(path)
    path.write_bytes(pickle.dumps(VALUE))
    assert same(VALUE, numpy_pickle.load(path))
    assert "backbones.files.numpy_pickle" in sys.modules


def doubled(times):
    """Opcodes of a list of twice a list of twice a list ...: 2^times leaves in a few bytes."""
    body = b"\x80\x02]q\x000"
    for number in range(times):
        body += b"](h" + bytes([number]) + b"h" + bytes([number]) + b"eq" + bytes([number + 1])
        body += b"0"
    return body + b"h" + bytes([times])


def tuples(times):
    body = b"\x80\x02)q\x000"
    for number in range(times):
        body += b"h" + bytes([number]) + b"h" + bytes([number]) + b"\x86q" + bytes([number + 1])
        body += b"0"
    return body + b"h" + bytes([times])


DTYPE = (
    b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
SHARED = (  # a megabyte that a thousand arrays share
    b"\x80\x02T" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20) + b"q\x010" + DTYPE + b"q\x020"
    b"](" + (ARRAY + b"(K\x01J" + (1 << 20).to_bytes(4, "little") + b"\x85h\x02\x89h\x01tb") * 1000
    + b"e."
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x80\x02Nr\xff\xff\xff\xff.", None),  # remembered as value 4294967295
        (
            doubled(60) + b"cnumpy\ndtype\nq\x700h\x70)R" + doubled(60)[2:] + b"b.",
            "complete pickle",
        ),
        (b"\x80\x02}" + tuples(60)[2:] + b"Ns.", "a dict with a key of type tuple"),
        (b"\x80\x02}(" + tuples(60)[2:] + b"Nu.", "a dict with a key of type tuple"),
        (b"\x80\x02(" + tuples(60)[2:] + b"Nd.", "a dict with a key of type tuple"),
        (b"\x80\x04\x8f(" + tuples(60)[2:] + b"\x90.", "complete pickle"),  # a set of it
        (b"\x80\x04(" + tuples(60)[2:] + b"\x91.", "complete pickle"),
        (SHARED, "arrays of more bytes than the file has"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.", "complete pickle"),
        (b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", "complete pickle"),
    ],
    ids=["memo", "repr", "key", "keys", "dict", "set", "frozenset", "shared", "claim", "deep"],
)
def test_a_small_file_takes_no_great_time_or_memory(tmp_path, data, said):
    path = tmp_path / "bomb.pkl"
    path.write_bytes(data)
    if said is None:
        assert numpy_pickle.load(path) is None
        return
    with pytest.raises(ValueError, match=rf"bomb\.pkl must .*{said}") as fault:
        numpy_pickle.load(path)
    assert len(str(fault.value)) < 500
