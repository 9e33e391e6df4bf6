"""LabelMe's JSON in a folder: found and loaded."""

import json

import pytest

from resdet.data.discover import discover
from resdet.data.labelme.folder import nearly, open_labelme


def shape(label="cat", points=((1.5, 2), (20, 10)), kind="rectangle"):
    return {"label": label, "points": points, "shape_type": kind, "flags": {}, "group_id": None}


def value(path, *shapes, **words):
    """As labelme writes it, its keys in that order."""
    return {
        **{"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": path},
        **{"imageData": None, "imageHeight": 40, "imageWidth": 60, **words},
    }


@pytest.fixture
def put(tmp_path, lay):
    def write(name, content, picture=None):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        if picture:
            lay.picture(tmp_path / picture)
        return tmp_path

    return write


def paths(found, split="all"):
    return [str(r.path.relative_to(found.root)) for r in found.load(split).records]


def test_boxes_classes_and_empty_images(put):
    put("a.json", value("a.jpg", shape("dog"), shape()), "a.jpg")
    found = discover(put("b.json", value("b.jpg"), "b.jpg"))
    assert (found.kind, found.form, found.why) == ("labelme", "LabelMe", "*.json")
    assert (found.class_names, found.own_classes) == (("cat", "dog"), False)
    first, empty = (r.ground_truth for r in found.load("all").records)
    assert first.boxes.tolist() == [[1.5, 2, 20, 10]] * 2
    assert first.labels.tolist() == [1, 0]
    assert len(empty) == 0


@pytest.mark.parametrize("size", [{}, {"imageHeight": None, "imageWidth": None}])
def test_a_size_that_is_not_told_is_measured(put, size):
    found = discover(put("a.json", value("a.jpg", shape(), **size), "a.jpg"))
    assert [(r.height, r.width) for r in found.load("all").records] == [(40, 60)]


@pytest.mark.parametrize(
    "path",
    ["../img/a.jpg", "..\\img\\a.jpg", "C:\\photos\\a.jpg", "/home/x/a.png", "other.jpg", ""],
)
def test_an_image_of_another_folder_or_machine_or_name(put, path):
    found = discover(put("ann/a.json", value(path, shape()), "img/a.jpg"))
    assert paths(found) == ["img/a.jpg"]


def test_an_image_in_the_file_is_passed_by(put):
    content = value("a.jpg", shape(), imageData="x" * 200_000)
    assert paths(discover(put("a.json", content, "a.jpg"))) == ["a.jpg"]
    keys = ("imageData", "version", "imageHeight", "imageWidth", "shapes", "imagePath")
    found = discover(put("a.json", {key: content[key] for key in keys}))
    assert paths(found) == ["a.jpg"]


def test_labels_txt_lists_the_classes(put):
    put("ann/a.json", value("a.jpg", shape(), shape("__ignore__")), "ann/a.jpg")
    found = discover(put("labels.txt", "__ignore__\n_background_\ndog\ncat\nnever\n"))
    assert (found.class_names, found.own_classes) == (("dog", "cat", "never"), True)
    assert found.load("all").records[0].ground_truth.labels.tolist() == [1]
    assert "left out: shapes that have no box: 1 labelled __ignore__" in found.lost
    put("ann/a.json", value("a.jpg", shape("cow")))
    with pytest.raises(
        ValueError,
        match="ann/a.json: class must be one of .*got 'cow'; rename it or list it in labels.txt",
    ):
        discover(found.root).load("all")


def test_folders_called_as_splits(put):
    put("train/a.json", value("a.jpg", shape()), "train/a.jpg")
    found = discover(put("val/a.json", value("a.jpg", shape()), "val/a.jpg"))
    assert found.counts == {"train": 1, "val": 1}
    assert paths(found, "val") == ["val/a.jpg"]


def test_what_is_left_out_is_told(put, lay, tmp_path):
    lay.picture(tmp_path / "bare.jpg")
    put("gone.json", value("gone.jpg", shape()))
    line = shape(points=((1, 2), (3, 4)), kind="line")
    polygon = shape(points=((1, 2), (3, 4), (9, 9)), kind="polygon")
    found = discover(put("a.json", value("a.jpg", line, polygon), "a.jpg"))
    assert found.lost == (
        "objects that are no boxes, taken by the boxes around them: 1 polygon",
        "left out: shapes that have no box: 1 line",
        "left out: annotations without an image: 1: gone.json",
        "left out: images without annotation: 1: bare.jpg",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (value("b.jpg", shape(points=((1, 2),))), "b.json, shape 1: points of a rectangle must"),
        (value("b.jpg", "cat"), "b.json, shape 1: shape must be an object, got 'cat'"),
        (value("b.jpg") | {"shapes": {}}, "b.json: shapes must be a list; save it from LabelMe"),
        ('{"shapes": [], "imagePath":', "b.json.*file must be JSON.*; save it from LabelMe again"),
        (value("a.jpg", shape()), "a.jpg must be annotated once, got a.json and b.json; correct"),
    ],
)
def test_faults_name_the_file(put, content, told):
    put("a.json", value("a.jpg", shape()), "a.jpg")
    found = discover(put("b.json", content, "b.jpg"))
    with pytest.raises(ValueError, match=told):
        found.load("all")


def test_json_without_its_images(put):
    root = put("a.json", value("a.jpg", shape()), "other.jpg")
    with pytest.raises(ValueError, match="got 1 JSON of LabelMe, 1 image, no names match: a.json"):
        discover(root)


def test_json_of_others(put):
    root = put("a.json", '{"shapes": 1, "names": []}', "a.jpg")
    assert open_labelme(root) is None


@pytest.mark.parametrize(("inside", "told"), [(None, ""), ("aGk=", ", or write out those that")])
def test_images_that_lie_in_the_json_alone_are_told(put, inside, told):
    root = put("a.json", value("a.jpg", shape(), imageData=inside))
    with pytest.raises(ValueError, match=f"no images; put the images beside them{told}"):
        discover(root)
    assert ("imageData" in nearly(root)) == (inside is not None)
