"""What training a classifier passes over, and what it does not."""

import os

import cv2
import numpy as np
import pytest

from backbones.data import check_usable
from backbones.data.check_usable import usable
from backbones.data.images import open_images, open_split


def test_a_broken_image_is_left_out_of_training_and_told(root):
    whole, notes = usable(open_split(root, "train"), "train")
    assert (len(whole), notes) == (10, ())
    (root / "train" / "ant" / "5.png").write_bytes(b"")
    left, (note,) = usable(open_split(root, "train"), "train")
    assert len(left) == 9
    assert note == (
        "train images left out, missing, unreadable or truncated: 1 of the 10 that were looked at: "
        f"{root}/train/ant/5.png (unreadable)"
    )
    assert left.labels.tolist() == [0] * 5 + [1] * 4


def test_deep_images_are_told(root):
    deep = np.full((12, 16), 4000, np.uint16)
    cv2.imwrite(str(root / "train" / "ant" / "5.png"), deep)
    _, (note,) = usable(open_split(root, "train"), "train")
    assert note.startswith("train images of 16 bits a channel, of which the upper 8 are read: 1, ")


def test_more_than_a_tenth_or_one_to_test_on_is_an_error(root):
    for name in ("5", "6", "7"):
        (root / "train" / "ant" / f"{name}.png").write_bytes(b"")
    with pytest.raises(ValueError, match="nine in ten train images must be readable, got 3 of"):
        usable(open_split(root, "train"), "train")
    (root / "val" / "cat" / "0.PNG").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(
        ValueError, match=r"test images must all be readable.*0.PNG \(cut\); restore"
    ):
        usable(open_split(root, "val"), "test")


def test_images_held_out_of_train_are_train_s(root):
    (root / "train" / "ant" / "4.png").write_bytes(b"")
    splits = open_images(root, hold_out=2)
    assert len(usable(splits.validation, "validation")[0]) == 1


def test_large_splits_are_sampled(root, monkeypatch):
    monkeypatch.setattr(check_usable, "_LOOKED_AT", 5)
    images = open_split(root, "train")
    os.truncate(images.name(1), 0)
    assert len(usable(images, "train")[0]) == 10  # every second is looked at
    os.truncate(images.name(2), 0)
    assert len(usable(images, "train")[0]) == 9
