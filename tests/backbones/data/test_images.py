"""Where images lie: folders, splits, what is held out, what is refused."""

import numpy as np
import pytest

from backbones.data.images import open_images, open_split, open_test, split_off


def pixels(images):
    return [int(images.read(i)[0, 0, 0]) for i in range(len(images))]


def test_classes_are_sorted_and_the_test_split_follows_them(root):
    splits = open_images(root)
    assert splits.train.class_names == ("ant", "cat")
    assert splits.train.labels.tolist() == [0] * 6 + [1] * 4
    assert pixels(splits.train) == [40, 50, 60, 70, 80, 90, 0, 10, 20, 30]
    assert splits.train.name(6).endswith("train/cat/0.png")
    assert splits.test.labels.tolist() == [1]
    assert splits.validation is None


def test_with_val_and_test_val_is_the_validation_split(root, write):
    write(root / "test" / "ant" / "0.png", 100)
    splits = open_images(root)
    assert pixels(splits.validation) == [200]
    assert pixels(splits.test) == pixels(open_test(root)) == [100]
    with pytest.raises(ValueError, match=r"HOLD_OUT must be 0 where there are val/ and test/"):
        open_images(root, hold_out=2)


def test_hold_out_is_balanced_and_always_the_same(root):
    splits = open_images(root, hold_out=3)  # two ants, one cat
    assert splits.validation.class_names == ("ant", "cat")
    assert splits.validation.labels.tolist() == [0, 0, 1]
    assert pixels(splits.validation) == [40, 70, 0]
    assert pixels(splits.train) == [50, 60, 80, 90, 10, 20, 30]
    assert splits.train.labels.tolist() == [0] * 4 + [1] * 3
    assert splits.train.name(4).endswith("cat/1.png")
    assert pixels(splits.test) == [200]
    with pytest.raises(ValueError, match=r"leave each class an image .* 4 of the 4 of 'cat'"):
        open_images(root, hold_out=8)


def test_45k_and_5k():
    class Labels:
        class_names = tuple("abcdefghij")
        labels = np.random.default_rng(0).permutation(np.arange(50000) % 10)

        def __len__(self):
            return 50000

    rest, held = split_off(Labels(), 5000)
    assert np.bincount(held.labels).tolist() == [500] * 10
    assert np.bincount(rest.labels).tolist() == [4500] * 10
    assert sorted([*rest.indices, *held.indices]) == list(range(50000))


def test_the_test_split_is_found(root, tmp_path):
    assert open_test(root, ("ant", "cat")).labels.tolist() == [1]  # val/
    assert open_split(root, "train").labels.tolist() == [0] * 6 + [1] * 4
    assert len(open_test(root / "train")) == 10  # the folder itself
    (root / "val").rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"must hold test/ or val/ with .* got \['elsewhere', 't"):
        open_test(root)
    with pytest.raises(ValueError, match=r"nowhere must hold test/ or val/ .* got no folder"):
        open_test(root / "nowhere")


def test_a_class_may_be_called_train(tmp_path, write):
    for name in ("bus", "train"):
        write(tmp_path / name / "0.png")
    assert open_test(tmp_path).class_names == ("bus", "train")


def test_folder_faults_are_named_all_at_once(root):
    with pytest.raises(ValueError, match=r"nowhere must hold train/<class>/.*no folder; name an"):
        open_images(root / "nowhere")
    with pytest.raises(ValueError, match=r"must hold test/<class>/ .* \['train', 'val'\]"):
        open_split(root, "test")
    (root / "test").mkdir()
    with pytest.raises(ValueError, match="must hold one folder of images for each class"):
        open_split(root, "test")
    (root / "train" / "bee").mkdir()
    (root / "train" / "eel").mkdir()
    with pytest.raises(ValueError, match=r"got none in \['bee', 'eel'\]"):
        open_images(root)
