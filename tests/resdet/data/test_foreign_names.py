"""Pictures by the names of another machine or a server."""

import pytest

from resdet.data.foreign_names import Pictures, ends


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
