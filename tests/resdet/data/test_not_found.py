"""What is said of folders that hold no data, by what they hold."""

import pytest

from resdet.data.discover import discover
from resdet.data.not_found import NoDataError, annotated_folders


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


def test_a_folder_of_images_alone_is_seen_at_once(tmp_path, lay):
    lay.picture(tmp_path / "cat/a.jpg")
    (tmp_path / ".DS_Store").write_text("")
    (tmp_path / "README.md").write_text("")
    assert annotated_folders(tmp_path) == frozenset()
    (tmp_path / "cat" / "a.txt").write_text("")
    (tmp_path / "dog").mkdir()
    assert annotated_folders(tmp_path) == {tmp_path, tmp_path / "cat"}


def test_a_link_to_a_folder_is_looked_through(tmp_path, lay):
    lay.labelimg(tmp_path / "far")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    assert annotated_folders(tmp_path / "near") is None
    assert discover(tmp_path / "near").kind == "voc"


@pytest.mark.parametrize("name", ["a.txt", "a.jpg.json", "notes/a.xml", "a.csv"])
def test_files_with_the_names_of_images_are_of_a_form_that_is_not_known(name, tmp_path, lay):
    lay.picture(tmp_path / "cat/a.jpg")
    (tmp_path / "notes").mkdir()
    (tmp_path / "cat" / "b.txt").write_text("")
    (tmp_path / name).write_text("<b>what?</b>")
    with pytest.raises(
        ValueError,
        match="1 file with the names of images, none of a form that is "
        f"known: {name} begins with '<b>what.</b>'; export VOC, COCO or YOLO",
    ) as told:
        discover(tmp_path)
    assert not isinstance(told.value, NoDataError)


def test_a_stray_file_in_a_folder_of_classes_is_none(tmp_path, lay):
    for number in range(11):
        lay.picture(tmp_path / f"cat/{number}.jpg")
    (tmp_path / "cat" / "3.txt").write_text("a fine one")
    (tmp_path / "classes.txt").write_text("cat")
    with pytest.raises(NoDataError, match="11 images and no annotations"):
        discover(tmp_path)


def test_data_of_the_web_labelme_is_no_voc_without_classes(tmp_path, lay):
    lay.picture(tmp_path / "a.jpg")
    (tmp_path / "a.xml").write_text(
        "<annotation><object><name>a</name><polygon><pt><x>1</x></pt></polygon></object>"
        "</annotation>"
    )
    with pytest.raises(
        ValueError, match=r"got LabelMe 3.0's XML, of LabelMe on the web \(a.xml\); "
    ):
        discover(tmp_path)


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
