"""The check of a tool's own files."""

import json

import pytest

from resdet.data.check_annotated import check_annotated
from resdet.data.discover import discover
from resdet.data.labelme.folder import open_labelme


def told(root, *splits, **words):
    report = check_annotated(open_labelme, discover(root), splits, full=False, **words)
    return report, {kind.name: cases for kind, cases in report.found.items()}


def change(file, **words):
    content = json.loads(file.read_text()) | words
    file.write_text(json.dumps(content))


def shape(label="cat", points=((1, 2), (21, 12)), kind="rectangle", **words):
    return {"label": label, "points": points, "shape_type": kind, **words}


def test_sound_data(tmp_path, lay):
    lay.labelme(tmp_path, 3)
    report, found = told(tmp_path)
    assert (report.form, report.images, found) == ("LabelMe", {"all": 3}, {})
    assert report.classes == {"all": {"cat": 3}}


def test_everything_at_once(tmp_path, lay):
    lay.labelme(tmp_path, 5)
    lay.picture(tmp_path / "bare.jpg")
    outside = shape(points=((100, 2), (200, 12)))
    over = shape(points=((1, 2), (90, 12)))
    shapes = [outside, over, shape(), shape(), shape(flags={"difficult": True})]
    change(tmp_path / "0.json", shapes=shapes, imageHeight=41, imageWidth=60)
    change(tmp_path / "1.json", imagePath="gone.jpg")
    (tmp_path / "1.jpg").unlink()
    change(tmp_path / "2.json", shapes=[])
    change(tmp_path / "3.json", shapes=[shape(kind="line"), shape(kind="polygon"), shape(points=1)])
    report, found = told(tmp_path)
    assert found["box outside"] == ["0.json: cat [100.0, 2.0, 100.0, 10.0]"]
    assert found["box over the edge"] == ["0.json: cat [1.0, 2.0, 89.0, 10.0]"]
    assert len(found["repeated box"]) == 2
    assert len(found["difficult"]) == 1
    assert found["no image"] == [str(tmp_path / "1.json")]
    assert found["not annotated"] == [str(tmp_path / "bare.jpg")]
    assert found["no objects"] == ["2.json"]
    assert found["no box"] == ["1 line"]
    assert found["shapes"] == ["1 polygon"]
    assert found["broken annotation"] == [
        "3.json, shape 3: points of a rectangle must be pairs of pixels, got 1; repair or remove it"
    ]
    assert report.total("error")


def test_an_object_of_no_class(tmp_path, lay):
    lay.labelme(tmp_path, 2)
    (tmp_path / "labels.txt").write_text("dog\n")
    _, found = told(tmp_path)
    assert found["unknown class"][0].startswith("0.json and 1 more: class must be one of dog, got")


def test_what_is_found_is_what_the_reader_refuses(tmp_path, lay):
    lay.labelme(tmp_path, 2)
    change(tmp_path / "1.json", shapes=[shape(label=3)])
    report, _ = told(tmp_path)
    assert report.total("error") == 1
    with pytest.raises(ValueError, match="1.json, shape 1: label must be the name .*, got 3"):
        discover(tmp_path).load("all")


def test_a_split_must_be_there(tmp_path, lay):
    lay.labelme(tmp_path, 2)
    with pytest.raises(ValueError, match="must be one of all, got 'val'"):
        told(tmp_path, "val")
