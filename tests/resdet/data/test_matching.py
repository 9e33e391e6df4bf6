"""Images by the names of other machines."""

from pathlib import Path

from resdet.data.matching import Matcher, image_ids

ROOT = Path("/data")


def matched(images, names, near=()):
    found = Matcher(ROOT, images).match(names, [list(near)] * len(names))
    return [None if path is None else str(path.relative_to(ROOT)) for path in found]


def test_the_end_of_the_path_is_the_name():
    images = ["images/a.jpg", "images/sub/a.jpg", "images/b.png"]
    assert matched(images, ["sub/a.jpg", "sub\\a.jpg"]) == ["images/sub/a.jpg"] * 2
    assert matched(images, ["../images/b.png", "b.jpg", "b"]) == ["images/b.png"] * 3
    assert matched(["frame.0001.png"], ["frame.0001"]) == ["frame.0001.png"]


def test_of_several_the_near_one_then_the_one_of_its_suffix():
    images = ["a.jpg", "a.png", "other/a.jpg"]
    assert matched(images, ["a.jpg"]) == [None]
    assert matched(images, ["a.png"]) == ["a.png"]
    assert matched(images, ["a.jpg"], [ROOT / "other", ROOT]) == ["other/a.jpg"]
    assert matched(images, ["a.png"], [ROOT]) == ["a.png"]


def test_folders_of_another_machine_are_passed_over_where_one_image_is_left():
    images = ["train/a.jpg", "b.jpg"]
    assert matched(images, ["C:\\photos\\b.jpg"]) == ["b.jpg"]
    assert matched(images, ["train/a.jpg", "val/a.jpg"]) == ["train/a.jpg", None]
    assert matched(images, ["x/b.jpg", "y/b.jpg"]) == [None, None]


def test_ids_are_the_shortest_that_differ():
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "x/b.jpg"]) == ["a", "b"]
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "x/a.jpg"]) == ["a", "x/a"]
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "a.png"]) == ["a.jpg", "a.png"]
