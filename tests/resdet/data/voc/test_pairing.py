"""Annotations and images of other names: paired by what the XML says, or told."""

import shutil

import pytest

from resdet.data.discover import discover
from resdet.data.voc.check import check_voc
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.pairing import file_name
from resdet.data.voc.reader import load_voc


@pytest.fixture
def mine(tmp_path, lay):
    """Three annotations; that of 0 is called so, its image is not."""
    root = tmp_path / "mine"
    lay.labelimg(root, 3)
    (root / "0.jpg").rename(root / "IMG_0.jpg")
    return root


def say(file, name):
    text = file.read_text()
    file.write_text(text.replace("<annotation>", f"<annotation><filename>{name}</filename>"))


@pytest.mark.parametrize("name", ["IMG_0.jpg", " IMG_0.jpg\n", "IMG_0", "IMG_0.PNG"])
def test_a_file_name_settles_it(mine, name):
    say(mine / "0.xml", name)
    found = discover(mine)
    assert (found.counts, found.lost) == ({"all": 3}, ())
    record = found.load("all").records[0]
    assert (record.image_id, record.path) == ("0", mine / "IMG_0.jpg")
    assert len(record.ground_truth) == 1
    assert "no image" not in {kind.name for kind in check_voc(mine, full=False).found}


def test_all_names_may_differ_and_the_folders_too(tmp_path, lay):
    lay.labelimg(tmp_path, 3)
    (tmp_path / "photos").mkdir()
    (tmp_path / "xml").mkdir()
    for number in range(3):
        say(tmp_path / f"{number}.xml", f"IMG_{number}.jpg")
        (tmp_path / f"{number}.jpg").rename(tmp_path / f"photos/IMG_{number}.jpg")
        (tmp_path / f"{number}.xml").rename(tmp_path / f"xml/{number}.xml")
    assert [r.path.name for r in load_voc(tmp_path, "all").records] == [
        "IMG_0.jpg",
        "IMG_1.jpg",
        "IMG_2.jpg",
    ]


def test_a_list_may_name_the_images(write_voc):
    root = write_voc({"a": "", "b": ""}, listing="IMG_a\nb\n")
    say(root / "Annotations/a.xml", "IMG_a.jpg")
    (root / "JPEGImages/a.jpg").rename(root / "JPEGImages/IMG_a.jpg")
    assert [r.image_id for r in load_voc(root, "train").records] == ["a", "b"]
    assert discover(root).remarks + discover(root).lost == ()
    assert check_voc(root, full=False).images == {"train": 2}
    assert "missing image" not in {kind.name for kind in check_voc(root, full=False).found}


@pytest.mark.parametrize(
    "name", ["../mine/IMG_0.jpg", "./IMG_0.jpg", "/home/me/IMG_0.png", "C:\\\\me\\\\img_0.JPG"]
)
def test_a_name_with_folders_or_in_other_letters_settles_it(mine, name):
    say(mine / "0.xml", name)
    assert voc_layout(mine).pictures()["0"] == mine / "IMG_0.jpg"


def test_names_that_differ_in_capitals_alone(mine):
    (mine / "IMG_0.jpg").rename(mine / "img_0.JPG")
    (mine / "0.xml").rename(mine / "IMG_0.xml")
    assert voc_layout(mine).pictures()["IMG_0"] == mine / "img_0.JPG"


def test_a_name_of_another_annotation_does_not(mine):
    say(mine / "0.xml", "1.jpg")
    assert sorted(voc_layout(mine).pictures()) == ["1", "2", "IMG_0"]


def test_the_longest_end_of_a_name_settles_it(mine):
    for folder in ("a", "b"):
        (mine / folder).mkdir()
        shutil.copy(mine / "IMG_0.jpg", mine / folder)
    (mine / "IMG_0.jpg").unlink()
    say(mine / "0.xml", "/data/b/IMG_0.jpg")
    assert voc_layout(mine).pictures()["0"] == mine / "b/IMG_0.jpg"
    shutil.copy(mine / "1.xml", mine / "b/IMG_0.xml")  # which has its own annotation now
    assert "0" not in voc_layout(mine).pictures()


def test_a_name_in_one_split_is_of_no_image_of_another(mine):
    (mine / "val").mkdir()
    (mine / "IMG_0.jpg").rename(mine / "val/IMG_0.jpg")
    say(mine / "0.xml", "/data/train/IMG_0.jpg")
    assert "0" not in voc_layout(mine).pictures()


def test_a_name_that_two_say_or_two_bear_settles_nothing(mine):
    shutil.copy(mine / "1.xml", mine / "9.xml")
    for stem in ("0", "9"):
        say(mine / f"{stem}.xml", "IMG_0.jpg")
    assert "0" not in voc_layout(mine).pictures()
    (mine / "9.xml").unlink()
    assert "0" in voc_layout(mine).pictures()
    for folder in ("a", "b"):
        (mine / folder).mkdir()
        shutil.copy(mine / "IMG_0.jpg", mine / folder)
    assert "0" in voc_layout(mine).pictures()  # that of its own folder
    (mine / "IMG_0.jpg").unlink()
    assert "0" not in voc_layout(mine).pictures()


def test_what_has_lost_its_other_half_is_told(mine, lay):
    (mine / "project.xml").write_text("<project/>")
    (mine / "cut.xml").write_text("<annotation>")
    lay.picture(mine / "1.jpg")
    lines = (
        "left out: annotations without an image: 2: 0.xml, cut.xml",
        "left out: images without annotation: 1: IMG_0.jpg",
    )
    assert discover(mine).lost == lines
    assert load_voc(mine, "all").remarks == tuple(f"{mine}: {line}" for line in lines)
    assert load_voc(mine, "all", images=False).remarks == ()
    told = {kind.name: cases for kind, cases in check_voc(mine, full=False).found.items()}
    assert told["no image"] == [str(mine / "0.xml"), str(mine / "cut.xml")]
    assert told["not annotated"] == [str(mine / "IMG_0.jpg")]


def test_images_that_a_list_leaves_out_are_the_users_choice(write_voc):
    root = write_voc({"a": "", "b": "", "c": ""}, listing="a\n")
    (root / "Annotations/b.xml").unlink()
    (root / "JPEGImages/c.jpg").unlink()
    remark = "left out: annotations without an image: 1: c.xml"
    assert discover(root).lost == (remark,)
    assert load_voc(root, "train").remarks == (f"{root}: {remark}",)


def test_file_names_are_read_of_annotations_alone(tmp_path):
    file = tmp_path / "a.xml"
    for text, name in (
        ("<annotation><filename> a b.jpg </filename></annotation>", "a b.jpg"),
        ("<annotation/>", ""),
        ("<annotation", ""),
        ("<!DOCTYPE a><annotation><filename>b.jpg</filename></annotation>", ""),
        ("<project><filename>b.jpg</filename></project>", None),
    ):
        file.write_text(text)
        assert file_name(file) == name
