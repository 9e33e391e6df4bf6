import json
import logging
import math

import pytest

from resdet.data.coco.reader import _all_sound, fault_of, load_coco
from resdet.evaluation.coco.truth import read_truth

CATEGORIES = [{"id": 13, "name": "stop sign"}, {"id": 2, "name": "bicycle"}]


def image(number, name=None):
    return {"id": number, "file_name": name or f"{number}.jpg", "height": 40, "width": 60}


def annotation(number, image_id, category, bbox, **more):
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category,
        "bbox": bbox,
        **more,
    }


def test_labels_follow_the_rising_category_ids_and_empty_images_stay(write_coco):
    annotations = [
        annotation(1, 9, 13, [1.5, 2, 10, 20]),
        annotation(2, 9, 2, [0, 0, 60, 40], iscrowd=1),
    ]
    data = load_coco(*write_coco([image(9), image(4)], annotations, CATEGORIES))
    assert data.class_names == ("bicycle", "stop sign")
    assert data.category_ids == (2, 13)
    assert [r.image_id for r in data.records] == [9, 4]
    truth = data.records[0].ground_truth
    assert truth.boxes.tolist() == [[1.5, 2, 11.5, 22], [0, 0, 60, 40]]
    assert truth.labels.tolist() == [1, 0]
    assert truth.crowd.tolist() == [False, True]
    assert data.records[1].ground_truth.boxes.shape == (0, 4)


def test_without_annotations_nothing_is_known(write_coco):
    data = load_coco(*write_coco([image(1)], None, CATEGORIES))
    assert data.records[0].ground_truth is None


def test_objects_that_are_left_out_are_checked(write_coco):
    sound, bad = annotation(1, 1, 2, [0, 0, 6, 4]), annotation(2, 1, 2, [0, 0, -1, 5])
    pair = write_coco([image(1)], [sound], CATEGORIES)
    assert load_coco(*pair, objects=False).records[0].ground_truth is None
    with pytest.raises(ValueError, match="annotation 2: bbox"):
        load_coco(*write_coco([image(1)], [sound, bad], CATEGORIES), objects=False)


def test_every_fault_is_told_at_once(write_coco):
    images = [image(1), image(1, "1b.jpg"), image(2, "../2.jpg"), image(3, "/etc/3.jpg"), image(4)]
    bad = [
        annotation(1, 8, 2, [0, 0, 1, 1]),
        annotation(2, 4, 3, [0, 0, 1, 1]),
        annotation(3, 4, 2, [0, 0, -1, 5]),
        annotation(4, 4, 2, [0, float("nan"), 5, 5]),
        annotation(5, 4, 2, [0, 0, 5]),
    ]
    path, folder = write_coco(images[:3] + images[4:], bad, CATEGORIES)
    content = json.loads(path.read_text())
    content["images"] = images
    path.write_text(json.dumps(content))
    (folder / "4.jpg").unlink()
    with pytest.raises(ValueError, match="9 faults") as error:
        load_coco(path, folder)
    text = str(error.value)
    assert "image ids must differ, got 1 twice" in text
    assert f"image 2: file_name must name one file in {folder} or a fold" in text
    assert "got '../2.jpg': none is called so" in text
    assert "got '/etc/3.jpg'" in text
    assert "got '4.jpg'" in text
    assert "annotation 1: image_id must be listed in 'images', got 8" in text
    assert "annotation 2: category_id must be listed in 'categories', got 3" in text
    assert "annotation 3: bbox must be finite" in text
    assert "annotation 4: bbox must be finite" in text
    assert "annotation 5: bbox must be finite" in text


def test_thin_boxes_are_kept_and_named(write_coco, caplog):
    path, folder = write_coco([image(1)], [annotation(7, 1, 2, [3, 4, 0, 9])], CATEGORIES)
    with caplog.at_level(logging.WARNING, "resdet.data"):
        assert len(load_coco(path, folder).records[0].ground_truth) == 1
    assert "1.jpg: annotation 7 [3, 4, 0, 9]" in caplog.text


def test_numbers_that_no_image_has_are_faults(write_coco):
    bad = [annotation(1, 1, 2, [0, 0, 10**400, 5]), annotation(2, 1, 2, [1e39, 0, 5, 5])]
    path, folder = write_coco([image(1)], bad, CATEGORIES)
    content = path.read_text()
    path.write_text(content.replace('"width": 60', '"width": 1e400'))
    with pytest.raises(ValueError, match="3 faults") as error:
        load_coco(path, folder)
    assert str(path) in str(error.value)
    assert "image 1: width must be a number of pixels, got inf" in str(error.value)
    assert "annotation 2: bbox must be finite" in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be JSON"),
        ("[" * 200_000, "must be JSON"),
        ("[]", "must hold an object, got list"),
        ('{"images": []}', "must list 'images'"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        load_coco(tmp_path / "x.json", tmp_path)


def test_missing_file_and_folder_are_both_told(tmp_path):
    with pytest.raises(ValueError, match="2 faults") as error:
        load_coco(tmp_path / "x.json", tmp_path / "images")
    assert "No such file" in str(error.value)
    assert "must be the folder of the images" in str(error.value)


def test_turned_objects_are_read_before_the_turn_and_told(write_coco, caplog):
    images = [{"id": 1, "file_name": "a.png", "height": 40, "width": 60}]
    turned = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [20, 5, 4, 20]}
    turned["attributes"] = {"rotation": 90}
    path, folder = write_coco(images, [turned], [{"id": 1, "name": "cat"}])
    data = load_coco(path, folder)
    assert data.records[0].ground_truth.boxes.tolist() == [[20, 5, 24, 25]]
    assert (
        "objects turned by an attribute, of which the box before the turn is read: 1" in caplog.text
    )


def test_ids_of_other_types_are_those_that_the_evaluation_reads(write_coco):
    images = [image("p0"), {**image("7"), "height": 40}, image(9.0)]
    things = [
        annotation("1", "p0", "13", ["1", 2, 3, 4]),
        {"image_id": 7, "category_id": 13.0, "segmentation": [[1, 2, 4, 6]], "bbox": []},
        annotation(0, "9", 13, [0, 0, 5, 5], iscrowd=None, ignore="1"),
    ]
    path, folder = write_coco(images, things, CATEGORIES)
    content = json.loads(path.read_text())
    del content["images"][1]["height"]
    content["images"][2]["width"] = "60"
    path.write_text(json.dumps(content))
    data = load_coco(path, folder)
    assert [r.image_id for r in data.records] == ["p0", "7", 9]
    assert [(r.height, r.width) for r in data.records] == [(40, 60)] * 3
    assert [r.ground_truth.boxes.tolist() for r in data.records] == [
        [[1, 2, 4, 6]],
        [[1, 2, 4, 6]],
        [[0, 0, 5, 5]],
    ]
    assert data.records[2].ground_truth.difficult.tolist() == [True]
    truth = read_truth(path, None)
    assert truth.boxes[:, 2:].tolist() == [[3, 4], [3, 4], [5, 5]]
    assert {*truth.image_ids} == {r.image_id for r in data.records}
    assert load_coco(path, None).records[1].height == 0  # is not looked for


def test_categories_by_text_are_refused_with_a_way_out(write_coco):
    path, folder = write_coco([image(1)], [annotation(1, 1, "cat", [1, 2, 3, 4])], [])
    content = json.loads(path.read_text()) | {"categories": [{"id": "cat", "name": "cat"}]}
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="1 fault:\\n.*an integer, got 'cat'; .* check-data --fi"):
        load_coco(path, folder)


ANNOTATION = {"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4]}


def looked_at(change):
    """Whether all are sound together, and what is told of each alone."""
    entries, images, categories = [ANNOTATION, {**ANNOTATION, **change}], {1: {}}, {2: {}}
    told = [fault_of(entry, images, categories) for entry in entries]
    return _all_sound(entries, images, categories), "".join(told)


@pytest.mark.parametrize(
    "change", [{}, {"iscrowd": 1, "ignore": None}, {"bbox": [-1, 2.5, 0, 3]}], ids=str
)
def test_all_are_sound_together(change):
    assert looked_at(change) == (True, "")


@pytest.mark.parametrize(
    "change",
    [
        {"image_id": 1.0},
        {"image_id": 9},
        {"image_id": [1]},
        {"category_id": 9},
        {"category_id": None},
        {"bbox": [1, 2, 3]},
        {"bbox": [1, 2, 3, 4, 5, 6, 7, 8]},
        {"bbox": (1, 2, 3, 4)},
        {"bbox": [1, 2, -3, 4]},
        {"bbox": [1, 2, 3, "4"]},
        {"bbox": [1, 2, 3, math.nan]},
        {"bbox": [1, 2, 3, 2.0**31]},
        {"bbox": [1, 2, 3, 10**400]},
        {"bbox": None},
        {"iscrowd": 2},
        {"ignore": "1"},
        {"ignore": []},
    ],
    ids=str,
)
def test_one_fault_is_told_of_the_one(change):
    together, told = looked_at(change)
    assert not together
    assert told


@pytest.mark.parametrize("entries", [[1], [None], [{}], [{"image_id": 1}]])
def test_what_is_no_annotation_is_not_sound(entries):
    assert not _all_sound(entries, {1: {}}, {})
