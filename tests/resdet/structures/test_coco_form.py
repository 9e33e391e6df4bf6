"""JSON of any tool, made plain."""

import pytest

from resdet.structures.coco_form import ABOVE, AS_TEXT, DRAWN, REPEATED, plain

BOX = [1, 2, 3, 4]


def content(images=(1,), categories=(1,), **entry):
    thing = {"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX, **entry}
    return {
        "images": [{"id": number, "file_name": f"{number}.jpg"} for number in images],
        "categories": [{"id": number, "name": f"n{number}"} for number in categories],
        "annotations": [thing],
    }


def test_what_is_plain_stays_the_same_object():
    own = content()
    made = plain(own)
    assert made.content["annotations"] is own["annotations"]
    assert not any(made.told.values())


@pytest.mark.parametrize(
    ("images", "image_id", "right"),
    [
        (("0",), 0, "0"),
        ((0,), "0", 0),
        ((0.0,), 0, 0),
        (("p0",), "p0", "p0"),
        (("07", "7"), "07", "07"),
        (("07", 7), 7, 7),
        (("07", "7"), 7, 7),  # which may be either: the reader says so
    ],
)
def test_an_image_is_found_by_its_number(images, image_id, right):
    made = plain(content(images=images, image_id=image_id)).content
    found = made["annotations"][0]["image_id"]
    assert (type(found), found) == (type(right), right)


@pytest.mark.parametrize(
    ("categories", "category_id"), [(("0",), "0"), ((0,), "0"), (("0",), 0), ((0.0,), 0.0)]
)
def test_categories_are_numbers(categories, category_id):
    made = plain(content(categories=categories, category_id=category_id)).content
    assert made["categories"][0]["id"] == made["annotations"][0]["category_id"] == 0
    assert type(made["categories"][0]["id"]) is type(made["annotations"][0]["category_id"]) is int


def test_text_is_told_and_fractions_are_not():
    made = plain(content(category_id="1", bbox=["1", 2, 3, 4], iscrowd="0", ignore=True))
    assert made.told[AS_TEXT] == ["annotation 1: bbox, category_id, ignore, iscrowd"]
    entry = made.content["annotations"][0]
    assert (entry["bbox"], entry["iscrowd"], entry["ignore"]) == (BOX, 0, 1)
    assert not any(plain(content(id=1.0, category_id=1.0, iscrowd=0.0)).told.values())


def test_boxes_around_what_is_drawn():
    for bbox in (None, []):
        made = plain(content(bbox=bbox, segmentation=[[1, 2, 4, 2, 4, 6]]))
        assert made.content["annotations"][0]["bbox"] == BOX
        assert made.told[DRAWN] == ["annotation 1"]
    assert plain(content(bbox=None)).content["annotations"][0]["bbox"] is None
    assert plain(content(segmentation=[[9, 9, 20, 20]])).content["annotations"][0]["bbox"] == BOX


def test_what_is_there_twice_the_same_stays_once():
    own = content()
    own["images"] = [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "a"}]
    own["categories"] *= 2
    made = plain(own)
    assert (len(made.content["images"]), len(made.content["categories"])) == (1, 1)
    assert made.told[REPEATED] == ["image 1", "category 1"]
    own["images"][1]["file_name"] = "b"
    assert len(plain(own).content["images"]) == 2


def test_a_supercategory_names_where_nothing_else_does():
    own = content()
    own["categories"] = [{"id": 1, "supercategory": "cat"}, {"id": 2, "supercategory": "dog"}]
    made = plain(own)
    assert [entry["name"] for entry in made.content["categories"]] == ["cat", "dog"]
    assert len(made.told[ABOVE]) == 2
    own["categories"][1]["supercategory"] = "cat"
    assert "name" not in plain(own).content["categories"][0]
    own["categories"][1]["name"] = "dog"
    assert "name" not in plain(own).content["categories"][0]


@pytest.mark.parametrize("entry", [5, None, "x", {"image_id": [1]}, {"bbox": {"a": 1}}])
def test_what_cannot_be_converted_is_left_to_its_reader(entry):
    own = content()
    own["annotations"] = [entry]
    own["images"].append(entry)
    assert plain(own).content["annotations"] == [entry]
