"""Folders and CIFAR's files as people have them."""

import pickle

import numpy as np
import pytest

from backbones.data.check_classes import check_classification, is_classification


def found(report):
    return {kind.name: report.found[kind] for kind in report.sorted_kinds()}


def test_a_sound_folder_has_no_findings(root):
    report = check_classification(root, ["train"])
    assert found(report) == {}
    assert report.images == {"train": 10}
    assert report.classes["train"] == {"ant": 6, "cat": 4}
    with pytest.raises(ValueError, match="must hold the splits train, test, got none of test"):
        check_classification(root, ["train", "test"])


def test_everything_wrong_in_folders_is_told_at_once(root, write):
    write(root / "val" / "dog" / "0.png", 77)  # not in train
    write(root / "val" / "cat" / "1.png", 10)  # train/cat/1.png
    write(root / "train" / "ant" / "copy.png", 40)
    write(root / "train" / "cat" / "ant.png", 50)
    (root / "train" / "bee").mkdir()
    (root / "train" / "Cat ").mkdir()
    (root / "train" / "Cat " / "a.txt").write_text("x")
    (root / "train" / "cat" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for full in (False, True):
        told = found(check_classification(root, full=full))
        assert {name: len(cases) for name, cases in told.items()} == {
            "empty class": 2,
            "truncated image": 1,
            "unknown class": 1,
            "absent class": 2,
            "alike classes": 1,
            "conflict": 1,
            "copy": 1,
            "leak": 1,
            "stray file": 1,
        }
        assert told["unknown class"] == [str(root / "val" / "dog")]
        assert "1.png" in told["leak"][0]


def test_what_the_reader_refuses_is_an_error_here_too(root, monkeypatch):
    def refuse(*arguments):
        raise ValueError("no such class")

    monkeypatch.setattr("backbones.data.check_classes.open_split", refuse)
    assert found(check_classification(root, ["train"])) == {"unusable": ["no such class"]}


def test_a_folder_of_classes_needs_no_split(root):
    assert is_classification(root / "train")
    assert check_classification(root / "train").images == {"train": 10}
    assert not is_classification(root / "train" / "cat")


def cifar(root, labels=(0, 1, 0, 1)):
    """Six files of four images each, of which the third shows what the second shows."""
    random = np.random.default_rng(0)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        pixels = random.integers(0, 256, (4, 3072), np.uint8)
        pixels[2] = pixels[1]
        (root / name).write_bytes(pickle.dumps({"data": pixels, "labels": list(labels)}))
    (root / "batches.meta").write_bytes(pickle.dumps({"label_names": ["cat", "dog"]}))
    return root


def test_images_of_cifar_are_compared_by_their_pixels(tmp_path):
    told = found(check_classification(cifar(tmp_path)))
    assert list(told) == ["conflict"]
    assert len(told["conflict"]) == 6
    assert told["conflict"][0].startswith(f"image 2 of {tmp_path} (train) shows what image 1")
    quick = check_classification(tmp_path, full=False)
    assert quick.images == {"train": 20, "test": 4}
    assert quick.form == "CIFAR"


def test_a_broken_cifar_is_told_beside_what_can_be_read(tmp_path):
    (cifar(tmp_path) / "data_batch_3").write_bytes(b"no pickle")
    told = found(check_classification(tmp_path))
    assert {name: len(cases) for name, cases in told.items()} == {"unusable": 1, "conflict": 1}
    assert "data_batch_3" in told["unusable"][0]
