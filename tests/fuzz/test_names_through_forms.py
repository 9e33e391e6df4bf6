"""Data of any names through every form: read back as it was, or refused by the name."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resdet.data.convert import convert, for_form
from resdet.data.discover import discover
from resdet.data.programs import MOST, words_for
from resdet.data.registry import WRITTEN
from resdet.data.writing import plain_text

IMAGES = 12
SIDE = 64
PIXEL = cv2.imencode(".png", np.zeros((SIDE, SIDE, 3), np.uint8))[1].tobytes()
QUIET = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
MANY = settings(QUIET, max_examples=420)  # 5,040 images
ODD = st.sampled_from([*" .:#'\"\\|-_,\t\n\r\x85\xa0\u2028\ufeff\uffff猫%&<>{}[]~*?!0é"])
WORDS = st.text(ODD | st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
FILES = WORDS.map(lambda text: text.replace("/", "").replace("\0", ""))


@st.composite
def sets(draw):
    """(names of classes, of images, boxes of whole pixels of which no two are as wide)."""
    classes = draw(st.lists(WORDS, min_size=1, max_size=5, unique=True))
    files = draw(st.lists(FILES, min_size=IMAGES, max_size=IMAGES, unique_by=str.casefold))
    corner = st.integers(0, SIDE - IMAGES - 2)
    return classes, files, draw(st.lists(st.tuples(corner, corner), min_size=12, max_size=12))


def written(root, classes, files, corners):
    """The set as COCO."""
    (root / "images").mkdir(parents=True)
    (root / "annotations").mkdir()
    images, things = [], []
    for at, (name, (x, y)) in enumerate(zip(files, corners), start=1):
        (root / "images" / f"{name}.png").write_bytes(PIXEL)
        images.append({"id": at, "file_name": f"{name}.png", "height": SIDE, "width": SIDE})
        box = [x, y, at + 1, 5]
        things.append({"id": at, "image_id": at, "category_id": at % len(classes), "bbox": box})
    categories = [{"id": number, "name": name} for number, name in enumerate(classes)]
    content = {"images": images, "annotations": things, "categories": categories}
    (root / "annotations" / "instances_train.json").write_text(json.dumps(content))


def read(root):
    """(class names, {width of a box: (its class, its corners)})."""
    found = discover(root)
    rows = {}
    for record in found.load("train").records:
        truth = record.ground_truth
        for label, box in zip(truth.labels, truth.boxes):
            rows[round(box[2] - box[0], 3)] = (int(label), box.round(6).tolist())
    return found.class_names, rows


def refusal(root, out, to, words):
    """What is said against it, or "" where it is written."""
    try:
        convert(for_form(discover(root), to), out, to, words=words)
    except ValueError as fault:
        return str(fault)
    return ""


def through_all(folder, given_set):
    written(folder / "given", *given_set)
    try:
        names, rows = read(folder / "given")
    except ValueError:
        return  # no reader of ours has to take it
    for to in WRITTEN:
        for words in (MOST, words_for("datumaro", to)):
            out = folder / f"{to} {words.program}"
            refused = refusal(folder / "given", out, to, words)
            if refused:
                assert any(repr(name) in refused for name in names)
                continue
            own, found = read(out)
            kept = [plain_text(name) or f"class_{at}" for at, name in enumerate(names)]
            assert list(own) == (kept if to != "coco" else list(names))
            assert found == rows
            assert len(rows) == IMAGES


@QUIET
@given(sets())
def test_few(tmp_path_factory, data):
    through_all(tmp_path_factory.mktemp("names"), data)


@pytest.mark.slow
@MANY
@given(sets())
def test_five_thousand(tmp_path_factory, data):
    through_all(tmp_path_factory.mktemp("names"), data)
