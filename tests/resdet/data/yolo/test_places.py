"""What a path in YOLO's files means."""

from pathlib import Path

import pytest

from resdet.data.yolo.places import candidates, existing, from_list, is_inside


@pytest.mark.parametrize(
    ("entry", "ends"),
    [
        ("../train/images", ["../train/images", "train/images"]),
        ("data/a.jpg", ["data/a.jpg", "a.jpg"]),
        ("val/a.jpg", ["val/a.jpg"]),
        ("C:\\me\\a.jpg", ["C:/me/a.jpg", "me/a.jpg", "a.jpg"]),
    ],
)
def test_candidates(entry, ends):
    base = Path("/data/mine")
    assert candidates(entry, [base]) == [
        Path(f"/data/{end[3:]}") if end[:3] == "../" else base / end for end in ends
    ]


def test_only_what_lies_inside_is_there(tmp_path):
    root = tmp_path / "mine"
    for place in ("mine/a/1.jpg", "other/1.jpg"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).touch()
    assert existing("/home/me/mine/a/1.jpg", [root], root) == root / "a/1.jpg"
    assert existing("../other/1.jpg", [root], root) is None
    assert is_inside(root, root)
    assert not is_inside(root.with_name("mine2"), root)
    (root / "train.txt").write_text("./a/1.jpg\n\na/1.jpg\n")
    assert from_list(root / "train.txt", root, root) == (root / "a/1.jpg",)
    (root / "train.txt").write_text("2.jpg\n")
    with pytest.raises(ValueError, match=r"train\.txt must list images in .*got '2\.jpg': none"):
        from_list(root / "train.txt", root, root)


def test_a_list_of_a_server_names_images_by_their_ends(tmp_path):
    for name in ("images/1.jpg", "images/2 b.jpg", "x/3.jpg", "y/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    file = tmp_path / "train.txt"
    file.write_text("../../up/4/1.jpg\nhttps://host/2%20b.jpg\nold/y/3.jpg\n")
    assert from_list(file, tmp_path, tmp_path) == tuple(
        tmp_path / name for name in ("images/1.jpg", "images/2 b.jpg", "y/3.jpg")
    )
    for line, told in (("up/z/3.jpg", r"x/3\.jpg, y/3\.jpg; write"), ("a/1.jpg\nb/1.jpg", "none")):
        file.write_text(line)
        with pytest.raises(ValueError, match=rf"must list images in .*: .*{told}"):
            from_list(file, tmp_path, tmp_path)
