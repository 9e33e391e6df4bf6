"""The gallery's folder: what is written, what is refused, what becomes of names and pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from resdet.evaluation import DetectionTable, match_voc
from resdet.evaluation.analysis.errors import KINDS
from resdet.evaluation.record import Record
from resdet.evaluation.rules import DEVKIT
from resdet.structures.records import GroundTruth
from resdet.visualization.gallery import check_gallery, check_gallery_folder, write_gallery

CLASSES = ("cat", "dog")
TRUTH = {
    "wide": GroundTruth([[0, 0, 400, 400], [800, 0, 1200, 400]], [0, 1], [False, False]),
    "small": GroundTruth([[10, 10, 50, 50]], [0], [True]),
    "empty": GroundTruth(np.zeros((0, 4)), []),
}
# image, label, score, box: right, wrong class, a found-again cat, difficult, background, unsure
ROWS = [
    (0, 0, 0.9, (0, 0, 400, 400)),
    (0, 0, 0.8, (800, 0, 1200, 400)),
    (0, 0, 0.7, (0, 0, 400, 380)),
    (1, 0, 0.6, (10, 10, 50, 50)),
    (2, 1, 0.5, (0, 0, 8, 8)),
    (2, 1, 0.2, (0, 0, 8, 8)),
]


def record(
    rows: list[tuple[int, int, float, tuple[float, ...]]] = ROWS,
    root: Path | str = "",
    files: tuple[str, ...] = (),
    **kwargs: Any,
) -> Record:
    table = DetectionTable(
        tuple(TRUTH),
        np.array([row[0] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
    )
    return Record(match_voc(TRUTH, table, CLASSES, **kwargs), str(root), files)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for name, height, width in (("wide", 800, 1600), ("small", 60, 80), ("empty", 100, 50)):
        cv2.imwrite(str(root / f"{name}.png"), np.full((height, width, 3), 90, np.uint8))
    return root


def read_data(folder: Path) -> dict[str, Any]:
    text = (folder / "data.js").read_bytes().decode("ascii")
    match = re.fullmatch(r'window\.resdetData = JSON\.parse\((".*")\);\n', text)
    assert match
    data: dict[str, Any] = json.loads(json.loads(match[1]))
    return data


def test_columns_of_a_case_worked_by_hand(tmp_path: Path, pictures: Path) -> None:
    missing = write_gallery(
        tmp_path / "g", [("A", record()), ("B", record([]))], images=pictures, threshold=0.3
    )
    data = read_data(tmp_path / "g")
    assert missing == ()
    assert (data["models"], data["classes"]) == (["A", "B"], ["cat", "dog"])
    assert data["images"] == {
        "names": ["wide", "small", "empty"],
        "widths": [800, 80, 50],  # no side beyond 800; what is smaller stays
        "heights": [400, 60, 100],
        "pictures": [1, 1, 1],
    }
    assert data["truth"] == {
        "counts": [2, 1, 0],
        "labels": [0, 1, 0],
        "ignored": [0, 0, 1],
        # x, y, width, height in tenths of a pixel of the copy
        "boxes": [0, 0, 2000, 2000, 4000, 0, 2000, 2000, 100, 100, 400, 400],
    }
    first = data["detections"][0]
    kinds = [KINDS[kind] for kind in first["kinds"]]
    assert kinds == ["correct", "classification", "duplicate", "ignored", "background"]
    assert first["counts"] == [3, 1, 1]  # the score of 0.2 is left out
    assert first["scores"] == [9000, 8000, 7000, 6000, 5000]
    assert first["objects"] == [0, 1, 0, -1, -1]
    assert first["boxes"][8:12] == [0, 0, 2000, 1900]
    assert data["detections"][1]["counts"] == [0, 0, 0]
    about = "3 images, 3 objects, of which 1 is difficult; found at IoU\u00a0≥\u00a00.50"
    assert data["about"] == about


def test_a_score_of_the_threshold_itself_is_shown(tmp_path: Path, pictures: Path) -> None:
    write_gallery(tmp_path / "g", [("A", record())], images=pictures, threshold=0.7)
    assert read_data(tmp_path / "g")["detections"][0]["scores"] == [9000, 8000, 7000]


def test_a_low_iou_threshold_has_errors_too(tmp_path: Path) -> None:
    low = record(thresholds=(0.05,))
    write_gallery(tmp_path / "g", [("A", low)], images=None, threshold=0.3)
    kinds = [KINDS[kind] for kind in read_data(tmp_path / "g")["detections"][0]["kinds"]]
    assert kinds == ["correct", "classification", "duplicate", "ignored", "background"]


def test_what_would_be_refused_is_known_before(tmp_path: Path, pictures: Path) -> None:
    models = [("A", record())]
    found = check_gallery(tmp_path / "g", models, images=pictures, threshold=0.5)
    assert found == [pictures / f"{name}.png" for name in TRUTH]
    with pytest.raises(FileNotFoundError, match="images must be a folder"):
        check_gallery(tmp_path / "g", models, images=tmp_path / "none", threshold=0.5)
    with pytest.raises(ValueError, match=r"threshold must be in \[0, 1\], got nan"):
        check_gallery(tmp_path / "g", models, images=None, threshold=float("nan"))
    with pytest.raises(ValueError, match="gallery must be a new folder"):
        check_gallery(pictures, models, images=None, threshold=0.5)
    assert not (tmp_path / "g").exists()


def test_copies_have_the_size_that_the_page_is_told(tmp_path: Path, pictures: Path) -> None:
    write_gallery(tmp_path / "g", [("A", record())], images=pictures, threshold=0.3)
    for number, shape in enumerate([(400, 800), (60, 80), (100, 50)]):
        copy = cv2.imread(str(tmp_path / "g" / "pictures" / f"{number:06d}.jpg"))
        assert copy is not None
        assert copy.shape[:2] == shape


def test_pictures_of_the_records_own_root(tmp_path: Path, pictures: Path) -> None:
    files = ("wide.png", "small.png", "empty.png")
    done: list[tuple[int, int]] = []
    write_gallery(
        tmp_path / "g",
        [("A", record(root=pictures, files=files))],
        images=None,
        threshold=0.3,
        progress=lambda *now: done.append(now),
    )
    assert read_data(tmp_path / "g")["images"]["pictures"] == [1, 1, 1]
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path, pictures: Path) -> None:
    (pictures / "wide.png").write_bytes(b"no picture")
    (pictures / "empty.png").unlink()
    missing = write_gallery(tmp_path / "g", [("A", record())], images=pictures, threshold=0.3)
    assert missing == ("wide", "empty")
    images = read_data(tmp_path / "g")["images"]
    assert images["pictures"] == [0, 1, 0]
    assert (images["widths"][0], images["heights"][0]) == (800, 267)  # of the boxes


def test_without_pictures_the_boxes_stand_alone(tmp_path: Path) -> None:
    gone = record(root="/nowhere", files=("a.png", "b.png", "c.png"))
    assert write_gallery(tmp_path / "g", [("A", gone)], images=None, threshold=0.3) == ()
    assert read_data(tmp_path / "g")["images"]["pictures"] == [0, 0, 0]
    assert list((tmp_path / "g" / "pictures").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../wide.png", "/etc/passwd", "a/../../wide.png", "C:\\wide.png", "..\\wide.png"]
)
def test_no_file_name_leaves_the_root(tmp_path: Path, pictures: Path, name: str) -> None:
    bad = record(root=pictures, files=("wide.png", name, "empty.png"))
    with pytest.raises(ValueError, match="file names must stay below their root, got"):
        write_gallery(tmp_path / "g", [("A", bad)], images=None, threshold=0.3)
    assert not (tmp_path / "g").exists()


def test_images_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="images must be a folder, got"):
        write_gallery(tmp_path / "g", [("A", record())], images=tmp_path / "none", threshold=0.3)


def test_data_are_ascii_without_markup(tmp_path: Path) -> None:
    evil = ("</script><img src=x onerror=alert(1)>", "quoted \"\u2028'")
    matches = replace(record().matches, class_names=evil, image_ids=(*evil, "__proto__"))
    write_gallery(tmp_path / "g", [(evil[0], Record(matches))], images=None, threshold=0.3)
    text = (tmp_path / "g" / "data.js").read_bytes()
    assert text.isascii()
    assert b"<" not in text
    data = read_data(tmp_path / "g")
    assert data["classes"] == list(evil)
    assert data["images"]["names"] == [*evil, "__proto__"]
    assert data["models"] == [evil[0]]


def test_an_inverted_box_has_no_side(tmp_path: Path) -> None:
    rows = [(0, 0, 0.9, (50.0, 60.0, 40.0, 70.0))]
    write_gallery(tmp_path / "g", [("A", record(rows))], images=None, threshold=0.3)
    assert read_data(tmp_path / "g")["detections"][0]["boxes"][2] == 0


def test_an_earlier_gallery_is_replaced(tmp_path: Path, pictures: Path) -> None:
    for name in ("A", "B"):
        write_gallery(tmp_path / "g", [(name, record())], images=pictures, threshold=0.3)
    assert read_data(tmp_path / "g")["models"] == ["B"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g", "pictures"]
    assert (tmp_path / "g").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("kind", ["foreign", "gallery and more", "broken mark"])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "g"
    if kind == "gallery and more":
        write_gallery(folder, [("A", record())], images=None, threshold=0.3)
    folder.mkdir(exist_ok=True)
    if kind == "broken mark":
        (folder / "gallery.json").write_text("[1]")
    else:
        (folder / "thesis.tex").write_text("two years")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ValueError, match="gallery must be a new folder or an earlier gallery, got"):
        write_gallery(folder, [("A", record())], images=None, threshold=0.3)
    assert sorted(folder.rglob("*")) == before


def test_a_file_or_a_closed_folder_is_found_out_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="gallery must be a folder, got the file"):
        check_gallery_folder(tmp_path / "file")
    with pytest.raises(OSError, match="gallery must be new in a folder to write in, got"):
        check_gallery_folder(tmp_path / "file" / "below")
    (tmp_path / "new").mkdir()
    check_gallery_folder(tmp_path / "new")
    check_gallery_folder(tmp_path / "a" / "b")


def test_what_is_interrupted_leaves_the_old_gallery(tmp_path: Path, pictures: Path) -> None:
    write_gallery(tmp_path / "g", [("old", record())], images=pictures, threshold=0.3)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_gallery(
            tmp_path / "g", [("new", record())], images=pictures, threshold=0.3, progress=stop
        )
    assert read_data(tmp_path / "g")["models"] == ["old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g", "pictures"]


def other_objects(matches: Any) -> Any:
    return replace(matches, truth=replace(matches.truth, boxes=matches.truth.boxes + 1))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: replace(m, class_names=("cat", "cow")), "class names of B"),
        (lambda m: replace(m, image_ids=("wide", "small", "other")), "images of B"),
        (other_objects, "objects of B"),
        (lambda m: replace(m, rules=replace(DEVKIT, iou="gt")), "IoU threshold and rules of B"),
        (lambda m: replace(m, thresholds=(0.75,)), "IoU threshold and rules of B"),
    ],
)
def test_records_must_belong_together(
    tmp_path: Path, change: Callable[[Any], Any], what: str
) -> None:
    other = Record(change(record().matches))
    with pytest.raises(ValueError, match=f"{what} must be those of A, got others"):
        write_gallery(tmp_path / "g", [("A", record()), ("B", other)], images=None, threshold=0.3)


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="models must be at least one, got none"):
        write_gallery(tmp_path / "g", [], images=None, threshold=0.3)
    with pytest.raises(ValueError, match="names must differ, got A, A"):
        write_gallery(tmp_path / "g", [("A", record())] * 2, images=None, threshold=0.3)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"threshold must be in \[0, 1\], got"):
            write_gallery(tmp_path / "g", [("A", record())], images=None, threshold=wrong)
    assert list(tmp_path.iterdir()) == []


def test_the_page_asks_no_network_and_parses_no_markup(tmp_path: Path) -> None:
    write_gallery(tmp_path / "g", [("A", record([]))], images=None, threshold=0.3)
    page = {path.name: path.read_text() for path in (tmp_path / "g").glob("*.*")}
    assert {"index.html", "gallery.css", "gallery.js", "data.js"} <= set(page)
    every = "".join(page.values()).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//cdn|fetch\(|XMLHttpRequest|@import", every)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", every)
    assert "default-src 'none'" in page["index.html"]
    assert 'the error table\'s "missed" leaves out those that a box' in page["index.html"]
    assert all(len(text.splitlines()) < 400 for text in page.values())
    named = re.findall(r'^    \["(\w+)", \[', page["draw.js"], re.MULTILINE)
    assert set(KINDS) <= set(named)
