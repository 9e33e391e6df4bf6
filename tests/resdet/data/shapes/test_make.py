import hashlib
import json
import re

import numpy as np
import pytest

from backbones.images.decoding import read_image
from resdet.data.coco.reader import load_coco
from resdet.data.shapes import draw as drawing
from resdet.data.shapes.make import SPLITS, make_shape_crops, make_shapes
from resdet.data.voc.reader import load_voc


def digests(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(f.relative_to(root)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_same_seed_same_bytes_other_seed_other_images(tmp_path):
    counts = {"num_train": 6, "num_val": 2, "num_test": 2, "size": 64}
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make_shapes(tmp_path / name, **counts, seed=seed)
        make_shape_crops(tmp_path / name, tmp_path / f"{name}-crops", size=16)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a-crops") == digests(tmp_path / "b-crops")
    a, c = digests(tmp_path / "a"), digests(tmp_path / "c")
    assert all(a[name] != c[name] for name in a if name.endswith(".jpg"))


def test_voc_and_coco_agree_box_by_box(shapes):
    for split in SPLITS:
        voc = load_voc(shapes, split)
        coco = load_coco(shapes / f"annotations/instances_{split}.json", shapes / "JPEGImages")
        assert voc.class_names == coco.class_names == drawing.SHAPE_CLASSES
        assert coco.category_ids != voc.category_ids  # with gaps
        assert len(voc) == len(coco) > 0
        for a, b in zip(voc.records, coco.records):
            assert (a.path, a.height, a.width) == (b.path, b.height, b.width)
            np.testing.assert_array_equal(a.ground_truth.boxes, b.ground_truth.boxes)
            np.testing.assert_array_equal(a.ground_truth.labels, b.ground_truth.labels)


def test_the_data_holds_what_real_data_holds():
    drawn = [drawing.draw_image(np.random.default_rng([7, n]), 96)[1] for n in range(150)]
    shapes = [shape for image in drawn for shape in image]
    assert {shape.name for shape in shapes} == set(drawing.SHAPE_CLASSES)
    assert any(not image for image in drawn)
    assert max(map(len, drawn)) == drawing.MAX_OBJECTS
    assert any(shape.truncated for shape in shapes)
    assert any(shape.difficult for shape in shapes)
    assert all(shape.visible >= drawing.REMOVED_BELOW for shape in shapes)
    overlaps = [np.sum([shape.mask for shape in image], axis=0).max() for image in drawn if image]
    assert max(overlaps) == 1  # masks are of what can be seen
    sides = np.array([shape.xywh[2:] for shape in shapes if shape.visible == 1])
    assert sides.min() >= 0.1 * 96
    assert 0.5 * 96 < sides.max() <= 0.62 * 96


def test_a_second_call_keeps_what_is_there_and_refuses_other_parameters(tmp_path):
    counts = {"num_train": 2, "num_val": 1, "num_test": 1, "size": 48}
    assert make_shapes(tmp_path / "s", **counts)
    before = digests(tmp_path / "s")
    assert not make_shapes(tmp_path / "s", **counts)
    assert digests(tmp_path / "s") == before
    with pytest.raises(ValueError, match=r"got .*'seed': 0.*; remove it or name another"):
        make_shapes(tmp_path / "s", **counts, seed=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("precious")
    with pytest.raises(ValueError, match="must be absent or empty"):
        make_shapes(tmp_path / "other", **counts)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"num_train": 0}, "counts must be at least 1"),
        ({"num_test": -1}, "counts must be at least 1"),
        ({"size": -64}, "size at least 32, got .* and -64"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_numbers_too_small_are_refused(tmp_path, wrong, text):
    with pytest.raises(ValueError, match=text):
        make_shapes(tmp_path / "none", **wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, -3])
def test_crops_of_no_size_are_refused(shapes, tmp_path, size):
    with pytest.raises(ValueError, match=f"size of a crop must be at least 1 pixel, got {size}"):
        make_shape_crops(shapes, tmp_path / "crops", size=size)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        make_shape_crops(shapes, tmp_path / "crops", seed=-1)


@pytest.mark.parametrize("content", ["{", "[1]", b"\xff"])
def test_a_broken_manifest_is_named(tmp_path, content):
    manifest = tmp_path / "s" / "shapes.json"
    manifest.parent.mkdir()
    manifest.write_bytes(content if isinstance(content, bytes) else content.encode())
    text = re.escape(f"{manifest} must be the JSON object that make_shapes wrote")
    with pytest.raises(ValueError, match=text):
        make_shapes(tmp_path / "s", num_train=1, num_val=1, num_test=1)
    with pytest.raises(ValueError, match=text):
        make_shape_crops(tmp_path / "s", tmp_path / "crops")


def test_crops_have_every_class_in_train_and_no_empty_folder(tmp_path):
    make_shapes(tmp_path / "s", num_train=6, num_val=1, num_test=1, size=48)
    make_shape_crops(tmp_path / "s", tmp_path / "c", size=16)
    assert {f.name for f in (tmp_path / "c/train").iterdir()} == set(drawing.SHAPE_CLASSES)
    val = list((tmp_path / "c/val").iterdir())
    assert 0 < len(val) < len(drawing.SHAPE_CLASSES)
    assert all(list(folder.iterdir()) for folder in val)
    make_shapes(tmp_path / "few", num_train=1, num_val=1, num_test=1, size=48)
    with pytest.raises(ValueError, match=r"train must show .* in 1 image; .* \(--train\)"):
        make_shape_crops(tmp_path / "few", tmp_path / "none", size=16)
    assert not (tmp_path / "none").exists()


def test_a_broken_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space")

    monkeypatch.setattr("resdet.data.shapes.make.write_image", full)
    with pytest.raises(OSError, match="no space"):
        make_shapes(tmp_path / "s", num_train=1, num_val=1, num_test=1)
    assert list(tmp_path.iterdir()) == []


def test_a_longer_split_begins_with_a_shorter(tmp_path):
    for name, count in (("a", 1), ("b", 2)):
        make_shapes(tmp_path / name, num_train=count, num_val=1, num_test=1, size=48)
    a, b = ([r.path for r in load_voc(tmp_path / name, "test").records] for name in "ab")
    assert a[0].name != b[0].name
    np.testing.assert_array_equal(read_image(a[0], "BGR"), read_image(b[0], "BGR"))


def test_crops_are_an_image_folder_of_the_objects_that_can_be_seen(shapes, tmp_path):
    crops = tmp_path / "crops"
    assert make_shape_crops(shapes, crops, size=32)
    assert not make_shape_crops(shapes, crops, size=32)
    for split in ("train", "val"):
        data = load_voc(shapes, split)
        clear = [
            label
            for r in data.records
            for label in r.ground_truth.labels[~r.ground_truth.difficult]
        ]
        for label, name in enumerate(data.class_names):
            files = list((crops / split / name).glob("*.jpg"))
            assert len(files) == clear.count(label)
            assert all(read_image(file, "BGR").shape == (32, 32, 3) for file in files)
    assert json.loads((crops / "shapes.json").read_text())["crops"] == 32
    with pytest.raises(ValueError, match="root must hold make_shapes' data"):
        make_shape_crops(tmp_path, tmp_path / "more")
