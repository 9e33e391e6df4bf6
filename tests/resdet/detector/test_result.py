"""The result of one image: chosen from, looped over, drawn, and in the forms of other tools."""

import json
import pickle
import sys

import numpy as np
import PIL.Image
import pytest

from resdet.detector.result import Detection, Result
from resdet.structures.classes import COCO_CLASSES, COCO_IDS

BOXES = [[10, 20, 30, 60], [1.5, 2, 3, 4], [0, 0, 50, 40]]


def result(image_id=0, names=("cat", "dog"), labels=(1, 0, 1), boxes=BOXES, scores=(0.9, 0.5, 0.2)):
    return Result(image_id, boxes, labels, scores, names, 80, 100)


def test_it_is_counted_looped_over_and_named():
    found = result()
    assert len(found) == 3
    assert found.names == ["dog", "cat", "dog"]
    first = next(iter(found))
    assert isinstance(first, Detection)
    assert (first.name, first.label, first.box) == ("dog", 1, (10.0, 20.0, 30.0, 60.0))
    assert first.score == pytest.approx(0.9)
    assert (found[0], found[-1].score) == (first, pytest.approx(0.2))
    with pytest.raises(IndexError):
        found[3]


def test_it_is_chosen_from_by_score_and_by_class():
    found = result()
    assert found.above(0.5).names == ["dog", "cat"]
    assert found.above(0.51).boxes.tolist() == [[10, 20, 30, 60]]
    assert found.of("dog").scores.tolist() == pytest.approx([0.9, 0.2])
    assert found.of("dog").above(0.5).class_names == ("cat", "dog")
    assert len(found.above(1.0)) == 0
    for names in ((), ("cow",)):
        with pytest.raises(ValueError, match="names must be among cat, dog"):
            found.of(*names)


def test_a_mask_or_places_choose():
    found = result()
    assert found[found.scores > 0.4].names == ["dog", "cat"]
    assert found[(found.labels == 1) & (found.scores < 0.5)].boxes.tolist() == [BOXES[2]]
    assert isinstance(found[found.scores > 1], Result)
    with pytest.raises(IndexError):
        found[np.array([True])]


def test_it_reads_well():
    assert repr(result("a/b/dog.jpg")) == "Result('dog.jpg', 100x80: dog 0.90, cat 0.50, dog 0.20)"
    assert repr(result(3).above(1)) == "Result(3, 100x80: nothing)"
    many = Result(0, BOXES * 3, [0] * 9, [0.5] * 9, ("cat",), 8, 9)
    assert repr(many).endswith("cat 0.50, cat 0.50, ... (9))")


def test_coco_entries_have_widths_and_ids_from_one():
    first, second, _ = result().to_coco(image_id=42)
    assert first == {
        "image_id": 42,
        "category_id": 2,
        "bbox": [10, 20, 20, 40],
        "score": pytest.approx(0.9),
    }
    assert second["category_id"] == 1
    assert result(7).to_coco(category_ids=[5, 9])[0]["category_id"] == 9
    assert result(7).to_coco()[0]["image_id"] == 7
    with pytest.raises(ValueError, match="category_ids must be one for each of 2 classes, got 1"):
        result().to_coco(category_ids=[1])


def test_json_is_coco_entries_with_names():
    first, *_ = entries = json.loads(result("a/dog.jpg").to_json(image_id=42))
    assert list(first) == ["file_name", "image_id", "category_id", "bbox", "score", "category_name"]
    assert (first["file_name"], first["category_name"]) == ("a/dog.jpg", "dog")
    assert "file_name" not in json.loads(result().to_json())[0]
    plain = [{k: e[k] for k in ("image_id", "category_id", "bbox", "score")} for e in entries]
    assert plain == result().to_coco(image_id=42)
    assert result().above(1).to_json() == "[]"


def test_coco_classes_have_cocos_own_ids():
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights as Weights

    theirs = Weights.COCO_V1.meta["categories"]  # by id; what was never annotated is N/A
    assert [theirs[number] for number in COCO_IDS] == list(COCO_CLASSES)
    toothbrush = result(names=COCO_CLASSES, labels=(79, 0, 1))
    assert [entry["category_id"] for entry in toothbrush.to_coco(1)] == [90, 1, 2]


def test_pandas_gets_a_row_each():
    pytest.importorskip("pandas")
    frame = result("a.jpg").to_pandas()
    columns = ["image_id", "x1", "y1", "x2", "y2", "score", "label", "name"]
    assert list(frame.columns) == columns
    assert list(result().above(1).to_pandas().columns) == columns
    for one in (result("a.jpg"), result()):
        kinds = one.to_pandas().dtypes.to_dict()
        assert one.above(1).to_pandas().dtypes.to_dict() == kinds
    assert frame[frame.name == "cat"][["x1", "y1", "x2", "y2"]].values.tolist() == [[1.5, 2, 3, 4]]


def test_supervision_gets_its_own_detections():
    sv = pytest.importorskip("supervision")
    found = result().to_supervision()
    assert isinstance(found, sv.Detections)
    np.testing.assert_array_equal(found.xyxy, np.array(BOXES, np.float32))
    assert found.class_id.tolist() == [1, 0, 1]
    assert found[found.confidence > 0.4].data["class_name"].tolist() == ["dog", "cat"]
    assert len(result().above(1).to_supervision()) == 0
    assert sv.Detections.merge([found, found]).xyxy.shape == (6, 4)


@pytest.mark.parametrize("name", ["pandas", "supervision"])
def test_what_is_not_installed_is_told_with_the_command(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)  # its import fails
    with pytest.raises(ImportError, match=rf"{name} must be installed.*pip install {name}"):
        getattr(result(), f"to_{name}")()


def test_it_draws_on_the_image_it_came_from(tmp_path):
    white = np.full((80, 100, 3), 255, np.uint8)
    PIL.Image.fromarray(white).save(tmp_path / "white.png")
    drawn = result(str(tmp_path / "white.png")).draw()
    assert drawn.size == (100, 80)
    assert drawn.mode == "RGB"
    assert (np.asarray(drawn)[20, 10:30] != 255).any()
    same = result().draw(white, channel_order="RGB")
    np.testing.assert_array_equal(np.asarray(same), np.asarray(drawn))
    none = result().draw(white, channel_order="RGB", threshold=1.0)
    np.testing.assert_array_equal(np.asarray(none), white)


def test_a_picture_is_saved_as_it_is_drawn(tmp_path):
    white = np.full((80, 100, 3), 255, np.uint8)
    result().save(tmp_path / "new" / "drawn.png", white, channel_order="RGB", threshold=0.3)
    drawn = result().draw(white, channel_order="RGB", threshold=0.3)
    with PIL.Image.open(tmp_path / "new" / "drawn.png") as saved:
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(drawn))
    with pytest.raises(ValueError, match=r"kind that can be written, got .*drawn\.odd"):
        result().save(str(tmp_path / "drawn.odd"), white, channel_order="RGB")


def test_colours_are_those_of_the_image_whatever_its_order():
    red = np.zeros((80, 100, 3), np.uint8)
    red[..., 0] = 255
    for image, order in ((red, "RGB"), (red[..., ::-1], "BGR")):
        assert np.asarray(result().draw(image, channel_order=order))[79, 99].tolist() == [255, 0, 0]


def test_it_does_not_draw_on_another_image():
    with pytest.raises(ValueError, match="must be given where the detector was given no file"):
        result().draw()
    with pytest.raises(ValueError, match="must be the one of these detections, 100x80, got 3x3"):
        result().draw(np.zeros((3, 3), np.uint8))


def test_it_travels_between_processes():
    found = pickle.loads(pickle.dumps(result("a.jpg")))
    assert repr(found) == repr(result("a.jpg"))
