"""What detections call an image: ids, numbers, stems and file names."""

import logging

import pytest

from resdet.evaluation.image_ids import resolve_ids

FILES = {5: "train/cat.1.jpg", 6: "val/cat.1.png", 7: r"val\dog.jpg", "x": ""}


@pytest.mark.parametrize(
    ("found", "own"),
    [
        (5, 5),
        ("5", 5),
        ("007", 7),
        ("x", "x"),
        ("dog", 7),
        ("dog.jpg", 7),
        ("val/dog", 7),
        ("/data/mine/val/dog.jpg", 7),
        (r"C:\mine\val\dog.jpg", 7),
        ("./val/dog.jpg", 7),
        ("cat.1.png", 6),
        ("train/cat.1", 5),
    ],
)
def test_an_image_by_any_name(found, own):
    assert resolve_ids([found], FILES) == [own]


def test_image_ids_may_be_numbers_of_names():
    assert resolve_ids([7, "8"], {"000007": "a.jpg", "000008": "b.jpg"}) == ["000007", "000008"]
    assert resolve_ids([7], {12: "000007.jpg"}) == [12]
    assert resolve_ids(["000007"], {7: "a.jpg", 12: "000007.jpg"}) == [12]
    with pytest.raises(ValueError, match="got 7, which could be"):
        resolve_ids([7], dict.fromkeys(["7", "007", "8"], ""))


def test_a_name_of_two_images_is_refused():
    with pytest.raises(ValueError, match=r"got 'cat.1', which could be \['5', '6'\]"):
        resolve_ids(["cat.1"], FILES)


@pytest.mark.parametrize("found", ["at.1.jpg", "train/dog.jpg", "dog.png", "", "/", 8])
def test_what_names_no_image_is_unknown(found):
    with pytest.raises(ValueError, match="got 2 unknown .* where the data has 4 "):
        resolve_ids([5, found, "y"], FILES)


def test_an_id_that_is_a_file_of_another_image_is_told(caplog):
    files = {1: "1.jpg", 2: "10.jpg", 10: "2.jpg"}
    with caplog.at_level(logging.WARNING):
        assert resolve_ids(["1"], files) == [1]
        assert not caplog.records
        assert resolve_ids(["2", "10"], files) == [2, 10]
    assert "ids that name files of other images too: '2', '10'" in caplog.text
    assert resolve_ids(["10.jpg"], files) == [2]
