"""Pictures by the names of another machine or a server."""

import pytest

from resdet.data.foreign_names import Pictures, ends, without_suffix


@pytest.mark.parametrize(
    ("name", "longest", "shortest"),
    [
        ("a.jpg", "a.jpg", "a.jpg"),
        (r"C:\photos\a.jpg", "photos/a.jpg", "a.jpg"),
        (r"..\..\label-studio\upload\4/a.jpg", "label-studio/upload/4/a.jpg", "a.jpg"),
        ("./x/../a.jpg", "x/a.jpg", "a.jpg"),
        ("s3://bucket/a.jpg", "bucket/a.jpg", "a.jpg"),
        ("https://host/b/c%20d.jpg", "host/b/c%20d.jpg", "c d.jpg"),
        ("https://host/a.jpg?token=1", "host/a.jpg?token=1", "1"),
        ("", None, None),
        ("../", None, None),
    ],
)
def test_ends_from_the_longest_on(name, longest, shortest):
    found = ends(name)
    assert (found[0] if found else None) == longest
    assert (found[-1] if found else None) == shortest


@pytest.fixture
def pictures(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return Pictures(tmp_path)

    return make


@pytest.mark.parametrize(
    ("files", "name", "right"),
    [
        (["images/a.jpg"], "/srv/upload/3/a.jpg", ["images/a.jpg"]),
        (["a/1.jpg", "b/1.jpg"], "/srv/b/1.jpg", ["b/1.jpg"]),
        (["a/1.jpg", "b/1.jpg"], "/srv/c/1.jpg", ["a/1.jpg", "b/1.jpg"]),
        (["1.jpg", "b/1.jpg"], "/srv/1.jpg", ["1.jpg"]),
        (["c d.jpg"], "https://host/c%20d.jpg", ["c d.jpg"]),
        (["c%20d.jpg", "c d.jpg"], "x/c%20d.jpg", ["c%20d.jpg"]),
        (["a.jpg"], "https://host/a.jpg?x=y", ["a.jpg"]),
        (["x/a.jpg"], "/data/local-files/?d=disk/x/a.jpg", ["x/a.jpg"]),
        (["A.JPG"], "up/a.jpg", ["A.JPG"]),
        (["A.JPG", "a.jpg"], "up/a.jpg", ["a.jpg"]),
        (["e\u0301.jpg"], "up/\u00e9.jpg", ["e\u0301.jpg"]),
        (["a.jpg"], "up/b.jpg", []),
        (["xa.jpg"], "a.jpg", []),
        ([".a.jpg", "._a.jpg"], "up/._a.jpg", []),
    ],
)
def test_the_longest_end_that_is_there(pictures, files, name, right):
    assert pictures(*files).meant(name) == right


def test_one_split_is_not_another(pictures):
    there = pictures("val/1.jpg", "photos/2.jpg")
    assert there.meant("/srv/train/1.jpg") == []
    assert there.meant("/srv/valid/1.jpg") == ["val/1.jpg"]
    assert there.meant("/srv/1.jpg") == ["val/1.jpg"]
    assert there.meant("/srv/train2017/2.jpg") == ["photos/2.jpg"]


@pytest.fixture
def matched(pictures, tmp_path):
    def match(files, names, near=()):
        there = pictures(*files)
        found = there.of_each(names, [[tmp_path / folder for folder in near]] * len(names))
        return [None if path is None else str(path.relative_to(tmp_path)) for path in found]

    return match


def test_the_end_of_the_path_is_the_name_whatever_the_suffix(matched):
    images = ["images/a.jpg", "images/sub/a.jpg", "images/b.png"]
    assert matched(images, ["sub/a.jpg", "sub\\a.jpg"]) == ["images/sub/a.jpg"] * 2
    assert matched(images, ["../images/b.png", "b.jpg", "b"]) == ["images/b.png"] * 3
    assert matched(["frame.0001.png"], ["frame.0001", ""]) == ["frame.0001.png", None]


def test_of_several_the_near_one_then_the_one_of_its_suffix(matched):
    images = ["a.jpg", "a.png", "other/a.jpg"]
    assert matched(images, ["a.jpg"]) == [None]
    assert matched(images, ["a.png"]) == ["a.png"]
    assert matched(images, ["a.jpg"], ["other", ""]) == ["other/a.jpg"]
    assert matched(images, ["a.png"], [""]) == ["a.png"]
    assert matched(["x/b.png", "y/b.jpg"], ["b.jpg"], ["z/../x"]) == ["x/b.png"]


@pytest.mark.parametrize(
    ("images", "names", "right"),
    [
        (["train/a.jpg", "b.jpg"], ["C:\\photos\\b.jpg"], ["b.jpg"]),
        (["a.jpg"], ["train/a.jpg", "val/a.jpg"], [None, None]),
        (["train/a.jpg"], ["train/a.jpg", "val/a.jpg"], ["train/a.jpg", None]),
        (["x/a.jpg", "y/a.jpg"], ["x/a.jpg", "z/a.jpg"], ["x/a.jpg", "y/a.jpg"]),
        (["b.jpg"], ["x/b.jpg", "y/b.jpg"], [None, None]),
        (["x/a.png", "y/a.png"], ["/srv/x/a.jpg"], ["x/a.png"]),
        (["A.JPG"], ["/srv/a.png"], ["A.JPG"]),
        (["A.png", "a.png"], ["/srv/a.jpg"], ["a.png"]),
    ],
)
def test_folders_of_another_machine_are_passed_over_for_one_that_none_other_means(
    matched, images, names, right
):
    assert matched(images, names) == right


def test_a_suffix_is_that_of_an_image():
    assert [without_suffix(name) for name in ("x/a.JPG", "a.b", ".jpg")] == ["x/a", "a.b", ".jpg"]
    assert without_suffix("a.xml", (".xml",)) == "a"
