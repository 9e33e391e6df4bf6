"""A data set through the other forms and back: the same boxes, classes, splits and mAP."""

import json
import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.convert import convert, for_form
from resdet.data.discover import discover
from resdet.data.programs import PROGRAMS, Words, words_for
from resdet.evaluation import match_voc, score_voc
from resdet.structures.records import Detections, GroundTruth

CLASSES = ("zebra", "no", "cat")  # an order of its own, a word that YAML has for False


@pytest.fixture(scope="module")
def voc(tmp_path_factory) -> Path:
    """Whole pixels, one box over the edge, flags of every sort, overlapping lists."""
    root = tmp_path_factory.mktemp("data") / "mine"
    rng = np.random.default_rng(5)
    for part in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (root / part).mkdir(parents=True)
    for number in range(9):
        height, width = (int(side) for side in rng.integers(31, 400, 2))
        cv2.imwrite(
            str(root / f"JPEGImages/b_{number}.jpg"), np.zeros((height, width, 3), np.uint8)
        )
        things = ""
        for at in range(number % 4):
            low = rng.integers(0, (width // 2, height // 2)).tolist()
            high = [int(rng.integers(a + 2, b + 1)) for a, b in zip(low, (width, height))]
            flags = f"<pose>Left</pose><truncated>{at % 2}</truncated>" if at else ""
            things += (
                f"<object><name>{CLASSES[(number + at) % 3]}</name>{flags}"
                f"<difficult>{int(at == 2)}</difficult><bndbox><xmin>{low[0]}</xmin>"
                f"<ymin>{low[1]}</ymin><xmax>{high[0]}</xmax><ymax>{high[1]}</ymax></bndbox></object>"
            )
        size = f"<size><width>{width}</width><height>{height}</height></size>"
        text = f"<annotation>{size}{things}</annotation>"
        (root / f"Annotations/b_{number}.xml").write_text(text)
    splits = {"train": range(5), "val": range(5, 7), "trainval": range(7), "test": (8, 7)}
    for split, numbers in splits.items():
        lines = "".join(f"b_{number}\n" for number in numbers)
        (root / f"ImageSets/Main/{split}.txt").write_text(lines)
    (root / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    return root


def truth(root: Path, split: str) -> dict:
    data = discover(root).load(split)
    assert data.class_names == discover(root).class_names
    return {r.path.stem: r.ground_truth for r in data.records}


def same(one: dict, other: dict, *, difficult: bool = True) -> None:
    assert list(one) == list(other) or set(one) == set(other)
    for stem, own in one.items():
        np.testing.assert_array_equal(own.boxes, other[stem].boxes)  # to the last bit
        np.testing.assert_array_equal(own.labels, other[stem].labels)
        if difficult:
            np.testing.assert_array_equal(own.difficult, other[stem].difficult)


def change(source: Path, out: Path, to: str, **options) -> list[str]:
    return convert(for_form(discover(source), to), out, to, **options)


@pytest.mark.parametrize("way", [("yolo", "voc"), ("coco", "voc"), ("coco", "yolo", "coco", "voc")])
def test_there_and_back(voc, tmp_path, way):
    source = voc
    for number, to in enumerate(way):
        change(source, tmp_path / str(number), to)
        source = tmp_path / str(number)
        for split in ("train", "val", "trainval", "test"):
            same(truth(voc, split), truth(source, split), difficult="yolo" not in way)
        assert discover(source).class_names == CLASSES


def test_coco_carries_what_voc_has_words_for(voc, tmp_path):
    (told,) = change(voc, tmp_path / "coco", "coco")[2:]
    assert "changed: difficult objects have an `area` that COCO's rules ignore" in told
    change(tmp_path / "coco", tmp_path / "voc", "voc")
    for name in ("<pose>Left</pose>", "<truncated>1</truncated>", "<difficult>1</difficult>"):
        found = [
            sum("".join(f.read_text().split()).count(name) for f in root.glob("Annotations/*.xml"))
            for root in (voc, tmp_path / "voc")
        ]
        assert found[0] == found[1] > 0


def same_map(one: dict, other: dict) -> float:
    """The mAP of one set of detections by either truth; at the thresholds the last bit decides."""
    rng = np.random.default_rng(1)
    found = []
    for stem, own in one.items():
        shift = rng.integers(-3, 4, own.boxes.shape)
        found.append(Detections(stem, own.boxes + shift, own.labels, rng.random(len(own))))
    classes = ("0", "1", "2")
    scores = [
        score_voc(match_voc(truths, found, classes, thresholds=(0.5, 0.75, 0.9)), "area")["mAP"]
        for truths in (one, other)
    ]
    assert scores[0] == scores[1]
    return scores[0]["0.50"]


def test_the_same_detections_have_the_same_map(voc, tmp_path):
    """Boxes near the threshold of IoU too: the last bit decides."""
    change(voc, tmp_path / "yolo", "yolo")
    change(tmp_path / "yolo", tmp_path / "back", "voc")
    plain = [
        {stem: GroundTruth(own.boxes, own.labels) for stem, own in truth(root, "trainval").items()}
        for root in (voc, tmp_path / "yolo", tmp_path / "back")  # YOLO has no `difficult`
    ]
    assert 0 < same_map(plain[0], plain[1]) <= 1
    assert 0 < same_map(plain[0], plain[2]) <= 1


def test_what_yolo_has_no_word_for_is_told(voc, tmp_path):
    lines = change(voc, tmp_path / "yolo", "yolo")
    assert lines[0] == f"written  {tmp_path}/yolo/: YOLO, 9 images, 12 objects"
    assert lines[1] == "splits   train 5, trainval 7, val 2, test 2"
    assert any("lost: `difficult`" in line and line.endswith(": 2") for line in lines)
    assert any("lost: objects with attributes" in line for line in lines)
    text = (tmp_path / "yolo/data.yaml").read_text()
    assert "train: images/train" in text
    assert "trainval: trainval.txt" in text
    assert "1: 'no'" in text


def coco(root: Path) -> Path:
    """Crowds, masks, attributes, ids with gaps, decimals, folders in names that two share."""
    names = ["a/1.png", "b/1.png"]
    for name in names:
        (root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / "images" / name), np.zeros((40, 60, 3), np.uint8))
    images = [
        {"id": 7 + at, "file_name": n, "height": 40, "width": 60} for at, n in enumerate(names)
    ]
    boxes = [[1.25, 2.5, 20.125, 10.0625], [473.07 / 10, 3.3, 5.55, 7.77], [-2, 5, 70, 10]]
    things = [
        {"id": 90 + at, "image_id": 7, "category_id": (3, 17, 3)[at], "bbox": bbox,
         "iscrowd": int(at == 1), "segmentation": [[1, 2, 3, 4, 5, 6]] if at == 0 else []}
        for at, bbox in enumerate(boxes)
    ]  # fmt: skip
    things[2]["attributes"] = {"occluded": True, "colour": "red"}
    categories = [{"id": 3, "name": "cat"}, {"id": 17, "name": "dog"}]
    (root / "annotations").mkdir()
    (root / "annotations/instances_train.json").write_text(
        json.dumps({"images": images, "annotations": things, "categories": categories})
    )
    return root


def test_coco_to_voc(tmp_path):
    source = coco(tmp_path / "coco")
    lines = "\n".join(change(source, tmp_path / "voc", "voc"))
    for told in (
        "two would have had one name, or the form has no folders or signs for them: 2",
        "crowds are written as difficult, which VOC's rules ignore likewise, and with a tag",
        "polygons and masks, of which the boxes are kept: 1",
        "attributes that VOC has no tag for: 1",
        "boxes with decimals, which some readers of VOC refuse (--whole-pixels rounds): 2",
        "category ids are 1, 2, ... in the old order: 2",
        "lost: ids of annotations",
    ):
        assert told in lines
    one, other = (discover(root).load("train").records[0] for root in (source, tmp_path / "voc"))
    assert other.path.name == "images_a_1.png"
    np.testing.assert_allclose(one.ground_truth.boxes, other.ground_truth.boxes, rtol=0, atol=1e-6)
    assert other.ground_truth.difficult.tolist() == [False, True, False]
    assert "<occluded>1</occluded>" in (tmp_path / "voc/Annotations/images_a_1.xml").read_text()
    change(source, tmp_path / "whole", "voc", words=Words(whole=True))
    boxes = discover(tmp_path / "whole").load("train").records[0].ground_truth.boxes
    assert (boxes == np.round(boxes)).all()


def test_coco_to_yolo_and_to_coco(tmp_path):
    source = coco(tmp_path / "coco")
    lines = "\n".join(change(source, tmp_path / "yolo", "yolo"))
    assert "crowds, which YOLO has no word for, are left out: 1" in lines
    assert "boxes clipped to their image, outside of which YOLO has none: 1" in lines
    assert "data.yaml takes train for its val, without which ultralytics" in lines
    found = discover(tmp_path / "yolo").load("train").records[0].ground_truth
    want = (
        discover(source).load("train").records[0].ground_truth.boxes[[0, 2]].clip(0, [60, 40] * 2)
    )
    np.testing.assert_allclose(found.boxes, want, rtol=0, atol=1e-6)
    change(source, tmp_path / "again", "coco")
    content = json.loads((tmp_path / "again/annotations/instances_train.json").read_text())
    assert [entry["id"] for entry in content["annotations"]] == [90, 91, 92]
    assert content["annotations"][0]["segmentation"]
    assert [image["id"] for image in content["images"]] == [7, 8]
    assert [category["id"] for category in content["categories"]] == [3, 17]


@pytest.mark.parametrize("to", ["voc", "coco", "yolo"])
def test_boxes_before_a_turn_are_told(write_coco, tmp_path, tmp_path_factory, to):
    image = {"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}
    things = [
        {"id": at, "image_id": 1, "category_id": 1, "bbox": [9, 9, 20, 9], "attributes": turn}
        for at, turn in enumerate([{"rotation": 30}, {"rotation": 180}, {}], start=1)
    ]
    write_coco([image], things, [{"id": 1, "name": "pipe"}])
    found = for_form(discover(tmp_path), to)
    lines = convert(found, tmp_path_factory.mktemp("other") / "out", to)
    assert any(line.endswith("takes the boxes around them): 1") for line in lines)


def test_a_crowd_comes_back_from_voc(tmp_path):
    source = coco(tmp_path / "coco")
    change(source, tmp_path / "voc", "voc")
    change(tmp_path / "voc", tmp_path / "back", "coco")
    one, other = (discover(root).load("train").records[0] for root in (source, tmp_path / "back"))
    np.testing.assert_array_equal(one.ground_truth.crowd, other.ground_truth.crowd)
    np.testing.assert_array_equal(one.ground_truth.difficult, other.ground_truth.difficult)


WAYS = [(name, form) for name, forms in PROGRAMS.items() for form in forms]


@pytest.mark.parametrize(("program", "to"), WAYS)
def test_what_is_written_for_a_program_is_read_by_us(voc, tmp_path, program, to):
    words = words_for(program, to)
    change(voc, tmp_path / "out", to, words=words)
    found = discover(tmp_path / "out")
    assert found.class_names == CLASSES
    for split in ("train", "val", "trainval", "test"):
        same(truth(voc, split), truth(tmp_path / "out", split), difficult=to != "yolo")


def test_names_of_images_that_a_list_cannot_hold_are_others(tmp_path):
    names = [
        ".hidden",
        "._a",
        " blank ",
        " ",
        "two\nlines",
        "back\\slash",
        "sep\u2028",
        "\udcff",
        "classes",
    ]
    root = tmp_path / "given"
    (root / "images").mkdir(parents=True)
    (root / "annotations").mkdir()
    for name in names:
        cv2.imwrite(str(tmp_path / "one.png"), np.zeros((9, 9, 3), np.uint8))
        (tmp_path / "one.png").rename(root / "images" / f"{name}.png")
    images = [
        {"id": n, "file_name": f"{name}.png", "height": 9, "width": 9}
        for n, name in enumerate(names)
    ]
    things = [
        {"id": n + 1, "image_id": n, "category_id": 1, "bbox": [0, 0, n + 1, 5]}
        for n in range(len(names))
    ]
    content = {"images": images, "annotations": things, "categories": [{"id": 1, "name": "cat"}]}
    (root / "annotations/instances_train.json").write_text(json.dumps(content))
    for to in ("voc", "coco", "yolo"):
        words = words_for("labelimg", to) if to == "yolo" else Words()
        lines = change(root, tmp_path / to, to, words=words)
        assert any(f"signs for them: {8 + (to == 'yolo')}" in line for line in lines)
        sizes = {row.boxes[0, 2] for row in truth(tmp_path / to, "train").values()}
        assert sizes == set(range(1, len(names) + 1))


def test_links(voc, tmp_path, monkeypatch):
    change(voc, tmp_path / "hard", "coco", link=True)
    image = tmp_path / "hard/images/b_0.jpg"
    assert image.stat().st_ino == (voc / "JPEGImages/b_0.jpg").stat().st_ino

    def refuse(*_):
        raise OSError(18, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    change(voc, tmp_path / "soft", "coco", link=True)
    assert (tmp_path / "soft/images/b_0.jpg").is_symlink()
    assert discover(tmp_path / "soft").counts == Counter(train=5, val=2, trainval=7, test=2)


def test_nothing_is_written_over_and_nothing_half(voc, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("")
    with pytest.raises(ValueError, match="OUT must name a new or empty folder"):
        change(voc, out, "coco")
    with pytest.raises(ValueError, match="OUT must name a folder apart from"):
        change(voc, voc / "inside", "coco")

    def fail(done, _):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change(voc, tmp_path / "half", "coco", progress=fail)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_broken_images_are_listed(voc, tmp_path):
    change(voc, tmp_path / "copy", "voc")
    (tmp_path / "copy/JPEGImages/b_3.jpg").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"cannot be converted:\n.*b_3.jpg"):
        change(tmp_path / "copy", tmp_path / "yolo", "yolo")
    assert not (tmp_path / "yolo").exists()


@pytest.mark.slow
def test_bccd(unpacked, tmp_path):
    """Real data: VOC -> YOLO -> VOC and VOC -> COCO -> VOC, boxes to the last bit."""
    bccd = next(unpacked("bccd.tar.xz").rglob("ImageSets")).parent
    for to in ("yolo", "coco"):
        change(bccd, tmp_path / to, to, link=True)
        change(tmp_path / to, tmp_path / f"{to}_voc", "voc", link=True)
        for out in (to, f"{to}_voc"):
            assert discover(tmp_path / out).class_names == discover(bccd).class_names
            for split in ("trainval", "test"):
                want, got = truth(bccd, split), truth(tmp_path / out, split)
                same(want, got)
                assert same_map(want, got) > 0
