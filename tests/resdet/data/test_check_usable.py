"""What training passes over, and what nothing passes over."""

import cv2
import numpy as np
import pytest

from resdet.data.check_usable import shared_images, usable
from resdet.data.voc.reader import load_voc

SIZE = "<size><width>60</width><height>40</height></size>"


def obj(corners):
    tags = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners))
    return f"<object><name>cat</name><bndbox>{box}</bndbox></object>"


@pytest.fixture
def data(write_voc, turn_by_exif):
    """Thirty images, of which four are not as they should be."""
    bodies = {f"{n:02d}": SIZE + obj((1, 1, 9, 9)) for n in range(30)}
    bodies["03"] = SIZE.replace("60", "99") + obj((1, 1, 9, 9))
    bodies["05"] = SIZE + obj((5, 5, 90, 9)) + obj((70, 5, 90, 9))
    root = write_voc(bodies)
    (root / "JPEGImages" / "01.jpg").write_bytes(b"")
    whole = (root / "JPEGImages" / "02.jpg").read_bytes()
    (root / "JPEGImages" / "02.jpg").write_bytes(whole[:-9])
    turn_by_exif(root / "JPEGImages" / "04.jpg")
    return load_voc(root, "train", name="mine")


def test_training_leaves_out_a_few_and_says_so(data):
    use, lines, faults = usable(data, training=True)
    assert faults == []
    assert len(use) == 27
    assert {r.image_id for r in data.records} - {r.image_id for r in use.records} == {
        "01",
        "02",
        "04",
    }
    assert (use.records[1].image_id, use.records[1].width) == ("03", 60)
    folder = data.records[0].path.parent
    assert lines == [
        "mine: images missing, unreadable or truncated: 2, left out: "
        f"{folder}/01.jpg (unreadable: an empty file), {folder}/02.jpg (cut)",
        "mine: annotated sizes that are not the image's: 1, their own are taken: "
        f"{folder}/03.jpg (60x40, not 99x40)",
        "mine: images that their EXIF data rotates, with boxes drawn before that: 1, left out: "
        f"{folder}/04.jpg (40x60, not 60x40)",
        "mine: boxes wholly outside their image: 1, left out: 05.jpg [69.0, 4.0, 90.0, 9.0]",
        "mine: boxes that reach beyond their image: 1, clipped: 05.jpg [4.0, 4.0, 90.0, 9.0]",
    ]


def test_what_is_measured_on_is_whole(data):
    same, lines, faults = usable(data, training=False)
    assert same is data
    assert lines == []
    assert [fault.rpartition("/")[2] for fault in faults] == [
        "01.jpg (unreadable: an empty file)",
        "02.jpg (cut)",
        "04.jpg (40x60, not 60x40)",
    ]


def test_more_than_a_tenth_is_no_exception(data):
    for record in data.records[10:12]:
        record.path.unlink()
    _, _, faults = usable(data, training=True)
    assert len(faults) == 5
    assert sum("1.jpg (missing)" in fault for fault in faults) == 1


def test_sound_data_is_what_it_was(data):
    folder = data.records[0].path.parent
    for number in (1, 2, 4):
        cv2.imwrite(str(folder / f"{number:02d}.jpg"), np.zeros((40, 60, 3), np.uint8))
    _, lines, faults = usable(data, training=False)
    assert faults == []
    assert len(lines) == 1  # 03's size, which is taken from the image


def test_images_in_both_kinds_of_split_are_told(data):
    (line,) = shared_images([data], [data])
    assert line.startswith("mine and mine share images: 30, the score is too good: ")
    assert shared_images([data], []) == []


def test_images_of_twelve_bits_in_sixteen_are_told(data):
    path = data.records[10].path
    deep = np.full((40, 60), 4000, np.uint16)
    path.write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    _, lines, _ = usable(data, training=True)
    (line,) = (line for line in lines if "16 bits" in line)
    assert line.startswith("mine: images of 16 bits a channel, of which the upper 8 are read: 1, ")
