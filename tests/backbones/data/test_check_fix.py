"""A corrected copy of folders of classes."""

import cv2
import numpy as np
import pytest

from backbones.data.check_classes import check_classification
from backbones.data.check_fix import fix_folder


def test_a_copy_of_folders_reads_back_clean(root, write, tmp_path_factory):
    (root / "train" / "cat" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "train" / "bee").mkdir()
    (root / "train" / "bee" / "note.txt").write_text("x")
    write(root / "train" / "ant" / "turned.jpg", 99, (12, 16, 3))
    plain = (root / "train" / "ant" / "turned.jpg").read_bytes()
    tiff = b"MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    segment = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
    (root / "train" / "ant" / "turned.jpg").write_bytes(plain[:2] + segment + plain[2:])
    before = sorted(root.rglob("*"))
    out, lines = tmp_path_factory.mktemp("fixed") / "out", []
    fix_folder(root, out, full=False, say=lines.append)
    assert sorted(root.rglob("*")) == before
    assert check_classification(out).total("error") == 0
    assert check_classification(out).images == {"train": 11, "val": 1}
    assert cv2.imread(str(out / "train" / "ant" / "turned.jpg")).shape == (16, 12, 3)
    assert lines == [
        "fixed: images left out: missing, unreadable or truncated: 1",
        "fixed: images turned upright: 1",
        f"written: {out}/",
    ]


def test_deep_images_of_all_splits_are_shifted_alike(root, tmp_path_factory):
    for split, most in (("train", 4000), ("val", 1000)):
        deep = np.linspace(0, most, 12 * 16).reshape(12, 16).astype(np.uint16)
        cv2.imwrite(str(root / split / "cat" / "deep.png"), deep)
    out, lines = tmp_path_factory.mktemp("fixed") / "out", []
    fix_folder(root, out, say=lines.append)
    assert "fixed: images of 12 bits in 16, written in 8: 2" in lines
    assert int(cv2.imread(str(out / "train" / "cat" / "deep.png"), -1).max()) == 250
    assert int(cv2.imread(str(out / "val" / "cat" / "deep.png"), -1).max()) == 62


def test_packed_images_are_not_copied(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train-0.tar").write_bytes(b"")
    with pytest.raises(ValueError, match="--fix must be given folders of classes, VOC or COCO"):
        fix_folder(tmp_path / "data", tmp_path / "out")
    assert not (tmp_path / "out").exists()
