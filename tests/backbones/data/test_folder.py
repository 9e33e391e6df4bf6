"""Images in a folder for each class."""

import pytest

from backbones.data.folder import has_folder, read_folder


def test_files_are_sorted_within_sorted_classes(root):
    (root / "train" / "cat" / "notes.txt").write_text("no image")
    images = read_folder(root, "train")
    assert images.class_names == ("ant", "cat")
    assert images.labels.tolist() == [0] * 6 + [1] * 4
    assert len(images) == 10
    assert images.name(0) == str(root / "train" / "ant" / "4.png")
    assert images.read(9).tolist() == [[[30] * 3] * 16] * 12


def test_every_kind_that_is_decoded_is_read_and_hidden_files_are_none(root, write):
    for name in ("a.tif", "b.gif", "c.ppm", "d.AVIF"):
        write(root / "train" / "bee" / name, 90)
    (root / "train" / "bee" / "._a.tif").write_bytes(b"\0\5\x16\7")
    (root / "train" / ".ipynb_checkpoints").mkdir()
    images = read_folder(root, "train", ("bee", "ant", "cat"))
    bees = [at for at, label in enumerate(images.labels) if label == 0]
    names = [images.name(at).rpartition("/")[2] for at in bees]
    assert names == ["a.tif", "b.gif", "c.ppm", "d.AVIF"]
    assert all(abs(int(images.read(at)[3, 3, 0]) - 90) < 20 for at in bees)


def test_labels_follow_the_names_that_are_given(root):
    images = read_folder(root, "train", ("cat", "dog", "ant"))
    assert images.class_names == ("cat", "dog", "ant")
    assert images.labels.tolist() == [2] * 6 + [0] * 4


def test_folder_faults_are_named_all_at_once(root):
    (root / "train" / "bee").mkdir()
    (root / "train" / "eel").mkdir()
    with pytest.raises(ValueError, match="got none in") as fault:
        read_folder(root, "train", ("ant", "bee", "dog"))
    assert "must be among ['ant', 'bee', 'dog'], got also ['cat', 'eel'];" in str(fault.value)
    assert fault.match(r"got none in \['bee', 'eel'\]")
    assert len(str(fault.value).splitlines()) == 1


def test_the_root_itself_is_a_split_if_it_has_folders(root):
    assert has_folder(root, "train")
    assert not has_folder(root, "test")
    assert has_folder(root / "train", "")
    assert not has_folder(root / "train" / "cat", "")
    with pytest.raises(ValueError, match="must hold one folder of images for each class, got none"):
        read_folder(root / "train", "cat")
