"""A split of COCO's form by its words, and what its file tells."""

import json
from pathlib import Path

import pytest

from resdet.data.coco.source import details, is_there, list_name, load, parse


@pytest.fixture
def source(tmp_path, lay):
    lay.cvat(tmp_path, 2)
    file = tmp_path / "annotations/instances_default.json"
    content = json.loads(file.read_text())
    content["annotations"][0] |= {"segmentation": [[1, 2, 3]], "attributes": {"pose": "Left"}}
    file.write_text(json.dumps(content))
    return parse(("annotations/instances_default.json", "images")).below(tmp_path)


def test_it_is_there_if_its_file_and_its_folder_are(source, tmp_path):
    assert is_there(source)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    assert not is_there(source)
    assert not is_there(parse(("gone.json", "images")))
    assert parse(("one.json",)) is None


def test_its_name_is_that_of_the_file_and_of_roboflows_the_folders(source, tmp_path, lay):
    assert load(source).name == "instances_default"
    assert load(source, name="mine").name == "mine"
    lay.roboflow(tmp_path / "robo")
    words = ("train/_annotations.coco.json", "train")
    assert load(parse(words).below(tmp_path / "robo")).name == "robo_train"


def test_the_file_names_its_own_classes(source):
    assert load(source, class_names=("cat", "dog")).class_names == ("cat", "dog")
    assert load(source, class_names=("cow", "cat")).category_ids == (3, 1)
    with pytest.raises(ValueError, match=r"must be among cow, .* got cat, dog; list"):
        load(source, class_names=("cow",))


def test_entries_are_carried_whole(source, tmp_path):
    data = load(source)
    first, second = (details(source, data)[record.path] for record in data.records)
    assert (first[0].attributes, first[0].shape) == ({"pose": "Left"}, True)
    assert (second[0].attributes, second[0].shape) == ({}, False)
    assert second[0].entry["bbox"] == [1, 2, 20, 10]
    assert list_name(source, data.records[0]) == Path("0.jpg").as_posix()
