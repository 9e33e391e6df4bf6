"""CIFAR as its authors publish it, made here: 2 images of each class in each file."""

import pickle

import numpy as np
import pytest

from backbones.data.images import open_images, open_split, open_test

NAMES = ["airplane", "automobile", "bird"]
TEN = [f"data_batch_{i}" for i in range(1, 6)]


class Runs:
    """Pickled, it would write a file when loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def dump(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol=2))


def batch(number, labels_key="labels"):
    """Image i of batch n is red 10 n + i at its first pixel, green 1 at its second."""
    data = np.zeros((6, 3072), np.uint8)
    data[:, 0] = 10 * number + np.arange(6)
    data[:, 1024 + 1] = 1
    return {"data": data, labels_key: [0, 1, 2] * 2, "batch_label": "a batch", "filenames": []}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    for number, name in enumerate([*TEN, "test_batch"]):
        dump(folder / name, batch(number))
    dump(folder / "batches.meta", {"label_names": NAMES, "num_vis": 3072})
    return folder


@pytest.mark.parametrize("own_folder", [True, False])
def test_cifar_10_is_read_in_order(folder, own_folder):
    root = folder if own_folder else folder.parent
    splits = open_images(root, hold_out=6)
    assert splits.train.class_names == tuple(NAMES)
    assert len(splits.train) == 24
    assert np.bincount(splits.validation.labels).tolist() == [2, 2, 2]
    train = open_split(root, "train")
    assert [int(train.read(i)[0, 0, 0]) for i in (0, 5, 6, 29)] == [0, 5, 10, 45]
    assert train.read(0).shape == (32, 32, 3)
    assert train.read(0)[0, 1].tolist() == [0, 1, 0]
    assert int(open_test(root).read(0)[0, 0, 0]) == int(splits.test.read(0)[0, 0, 0]) == 50
    assert train.name(7) == f"image 7 of {folder} (train)"


def test_labels_follow_the_names_of_a_network(folder):
    assert open_test(folder, ("bird", "airplane", "automobile")).labels.tolist() == [1, 2, 0] * 2
    with pytest.raises(ValueError, match=r"must be among \['bird'\], got also \['airplane', 'aut"):
        open_test(folder, ("bird",))


def test_python_2_wrote_the_published_files(folder):
    """Byte strings as keys and names, and the old name of NumPy's core."""
    text = pickle.dumps({"data": batch(0)["data"], "labels": [0, 1, 2] * 2}, protocol=2)
    old = text.replace(b"numpy._core", b"numpy.core")
    old = old.replace(b"X\x04\x00\x00\x00data", b"U\x04data")
    (folder / "data_batch_1").write_bytes(old.replace(b"X\x06\x00\x00\x00labels", b"U\x06labels"))
    assert b"U\x06labels" in (folder / "data_batch_1").read_bytes()
    assert len(open_split(folder, "train")) == 30


def test_cifar_100(tmp_path):
    folder = tmp_path / "cifar-100-python"
    for number, name in enumerate(("train", "test")):
        dump(folder / name, batch(number, "fine_labels"))
    dump(folder / "meta", {"fine_label_names": NAMES, "coarse_label_names": ["a"]})
    assert len(open_images(tmp_path).train) == len(open_images(folder).test) == 6
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(ValueError, match=r"must hold one dataset, got .*-py and .*-python; give"):
        open_images(tmp_path)


def test_missing_files_are_listed(folder):
    (folder / "data_batch_2").unlink()
    (folder / "test_batch").unlink()
    with pytest.raises(ValueError, match="must be whole, got no data_batch_2, test_batch; unpack"):
        open_images(folder.parent)


def test_a_cut_file_is_named(folder):
    path = folder / "data_batch_3"
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(ValueError, match="data_batch_3 must be a complete pickle"):
        open_images(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": np.zeros((6, 3071), np.uint8)}, r"data of .*_4 must be .* got uint8 \(6, 3071\)"),
        ({"data": np.zeros((6, 3072), np.float32)}, r"data of .*_4 must be .*, got float32"),
        ({"data": None}, r"data of .*_4 must be an array"),
        ({"labels": [0, 1]}, r"labels of .*_4 must be a list of 6, .* got 2 values"),
        ({"labels": [0, 1, 2, 0, 1, 3]}, r"labels of .*_4 must lie in 0\.\.2, got 3"),
    ],
)
def test_wrong_contents_are_named(folder, change, message):
    dump(folder / "data_batch_4", {**batch(3), **change})
    with pytest.raises(ValueError, match=message):
        open_images(folder)
    dump(folder / "data_batch_4", [1])
    with pytest.raises(ValueError, match="data_batch_4 must hold a dict, got list"):
        open_images(folder)


def test_a_pickle_that_would_run_code_is_refused(folder, tmp_path):
    dump(folder / "data_batch_1", {**batch(0), "filenames": Runs(tmp_path / "ran")})
    with pytest.raises(ValueError, match=r"data_batch_1 must hold NumPy arrays .*io\.open"):
        open_images(folder)
    assert not (tmp_path / "ran").exists()
