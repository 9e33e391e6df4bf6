"""A split of YOLO's form by its words, and what its labels tell."""

from resdet.data.writing import Details
from resdet.data.yolo.source import details, is_there, list_name, load, parse


def test_a_split_is_named_after_its_folder(tmp_path, lay):
    lay.yolo(tmp_path / "mine", 2)
    source = parse(("mine", "train")).below(tmp_path)
    assert is_there(source)
    assert not is_there(parse(("gone", "train")).below(tmp_path))
    data = load(source)
    assert (data.name, data.class_names, len(data)) == ("mine_train", ("cat", "dog"), 2)
    assert list_name(source, data.records[0]) == "images/0.jpg"


def test_polygons_are_told_and_images_without_labels_have_none(tmp_path, lay):
    lay.yolo(tmp_path, 2)
    polygon = "0 0.1 0.1 0.5 0.1 0.5 0.5\n"
    (tmp_path / "labels/0.txt").write_text(f"{polygon}\n0 0.5 0.5 0.2 0.1\n")
    (tmp_path / "labels/1.txt").unlink()
    source = parse((str(tmp_path), "train"))
    data = load(source)
    first, second = (details(source, data)[record.path] for record in data.records)
    assert first == [Details(shape=True), Details(shape=False)]
    assert second == []
