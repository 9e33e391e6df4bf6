"""What is said of folders that hold no data, by what they hold."""

import pytest

from resdet.data.discover import discover


def told(root):
    with pytest.raises(ValueError, match=f"{root} must hold annotated images, got ") as fault:
        discover(root)
    return str(fault.value)


def test_what_is_looked_for_and_what_was_seen(tmp_path):
    (tmp_path / "export.zip").write_text("")
    (tmp_path / "raw").mkdir()
    for part in ("VOC   *.xml", "COCO  *.json", "YOLO  data.yaml", "1 .zip", "folders: raw"):
        assert part in told(tmp_path)
    assert told(tmp_path).endswith(
        "unpack archives, and give the folder that holds the annotations"
    )


def test_an_empty_folder(tmp_path):
    assert told(tmp_path).endswith("got an empty folder; check the path")


def test_images_alone(tmp_path, lay):
    lay.picture(tmp_path / "photos/a.jpg")
    assert "folders: photos; 1 image and no annotations: draw boxes first, with" in told(tmp_path)


def test_data_too_deep(tmp_path, lay):
    lay.labelimg(tmp_path / "a/b/c/d")
    assert "images lie in a/b/c/d/, and folders are looked into 2 deep: give" in told(tmp_path)


def test_json_of_labelme(tmp_path, lay):
    lay.picture(tmp_path / "a.jpg")
    (tmp_path / "broken.json").write_text("{")
    assert "no annotations" in told(tmp_path)
    (tmp_path / "a.json").write_text('{"shapes": [], "imagePath": "a.jpg"}')
    assert "JSON of LabelMe is not read: convert it to COCO or VOC" in told(tmp_path)


def test_annotations_whose_image_has_another_name_or_several(tmp_path, lay):
    lay.labelimg(tmp_path / "mine", 2)
    for kind in ("annotations", "backup"):
        (tmp_path / "mine" / kind).mkdir()
    for file in (tmp_path / "mine").glob("*.xml"):
        (tmp_path / "mine/backup" / file.name).write_bytes(file.read_bytes())
        file.rename(tmp_path / "mine/annotations" / file.name)
    with pytest.raises(
        ValueError, match="mine must hold images and annotations that go together"
    ) as one:
        discover(tmp_path)
    assert str(one.value).endswith(
        "got several XML for 0.jpg: annotations/0.xml, backup/0.xml (2 images so); "
        "move all but one folder out"
    )
