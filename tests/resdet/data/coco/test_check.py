"""Everything that a COCO-form JSON can have wrong, found and named."""

import contextlib
import json
import shutil

import cv2
import numpy as np
import pytest

from resdet.data.coco.check import check_coco
from resdet.data.coco.reader import load_coco

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}]


def image(number, name=None, size=(40, 60)):
    name = name or f"{number}.png"
    return {"id": number, "file_name": name, "height": size[0], "width": size[1]}


def thing(number, image_id, bbox, category=1):
    return {"id": number, "image_id": image_id, "category_id": category, "bbox": bbox}


def found(report):
    return {kind.name: report.found[kind] for kind in report.sorted_kinds()}


def test_everything_wrong_in_a_file_is_told_at_once(write_coco):
    images = [
        image(1),
        {**image(1), "license": 1},
        image(2),
        image(3),
        image(4, "2.png"),
        image(5, "../x.png"),
    ]
    images += [image(6, size=(99, 60)), image(7)]
    things = [
        thing(1, 1, [0, 0, 10, 10]),
        thing(1, 1, [0, 0, 10, 10]),
        thing(2, 1, [20, 20, -10, 5]),
        thing(3, 1, [20, 20, 0, 5]),
        thing(4, 1, [100, 20, 5, 5]),
        thing(5, 1, [50, 20, 25, 5], category=9),
        thing(6, 1, [50, 20, 25, 5]),
        thing(7, 2, [50, 20, "x", 5]),
        thing(8, 77, [1, 2, 3, 4]),
        thing(9, 6, [0, 0, 60, 90]),
    ]
    path, folder = write_coco(images, things, CATEGORIES)
    (folder / "3.png").unlink()
    grey = np.full((40, 60, 3), 9, np.uint8)
    for name, value in (("6", 6), ("7", 7), ("extra", 8)):
        cv2.imwrite(str(folder / f"{name}.png"), grey + value)
    cv2.imwrite(str(folder / "1.png"), grey)
    told = found(check_coco([(path, folder)]))
    assert {name: len(cases) for name, cases in told.items()} == {
        "broken annotation": 2,
        "box outside": 1,
        "inverted box": 1,
        "missing image": 2,
        "other image": 1,
        "repeated id": 1,
        "unknown class": 1,
        "box over the edge": 1,
        "empty box": 1,
        "listed twice": 1,
        "repeated annotation id": 1,
        "repeated box": 1,
        "in no split": 1,
        "no objects": 5,
    }
    assert told["inverted box"] == ["coco.json, image 1: cat [20.0, 20.0, -10.0, 5.0]"]
    assert any("got '../x.png': none is called so" in case for case in told["missing image"])


def test_crowds_and_what_is_ignored_are_counted(write_coco):
    things = [thing(n, 1, [5 * n, 5, 9, 9]) for n in range(1, 4)]
    path, folder = write_coco(
        [image(1)], [things[0], {**things[1], "iscrowd": 1}, {**things[2], "ignore": 1}], CATEGORIES
    )
    assert found(check_coco([(path, folder)])) == {
        "crowd": ["coco.json, image 1: cat [10.0, 5.0, 9.0, 9.0]"],
        "difficult": ["coco.json, image 1: cat [15.0, 5.0, 9.0, 9.0]"],
    }


def test_boxes_counted_from_one_give_themselves_away(write_coco):
    things = [thing(n, 1, [1, 1, 60, 10 + n]) for n in range(5)]
    path, folder = write_coco([image(1)], things, CATEGORIES)
    (evidence,) = found(check_coco([(path, folder)]))["origin"]
    assert "none at 0, 10 at 1; far corners: 0 at the size, 5 one beyond" in evidence
    path, folder = write_coco([image(1)], [*things, thing(9, 1, [0, 1, 5, 5])], CATEGORIES)
    assert "origin" not in found(check_coco([(path, folder)]))


def test_two_files_are_two_splits_and_share_no_image(write_coco, tmp_path):
    path, folder = write_coco([image(1), image(2)], [thing(1, 1, [0, 0, 9, 9])], CATEGORIES)
    cv2.imwrite(str(folder / "2.png"), np.full((40, 60, 3), 3, np.uint8))
    other = tmp_path / "test.json"
    shutil.copytree(folder, tmp_path / "others")
    other.write_text(json.dumps({"images": [image(1)], "categories": CATEGORIES}))
    report = check_coco([(path, folder), (other, tmp_path / "others")])
    assert report.images == {"coco": 2, "test": 1}
    assert report.classes == {"coco": {"cat": 1, "dog": 0}}
    told = found(report)
    assert told["leak"] == [
        f"coco and test: {folder}/1.png shows what {tmp_path}/others/1.png shows"
    ]
    assert told["no objects"] == ["coco.json, image 2"]  # nothing is known of test's


def test_a_class_is_counted_in_every_split(write_coco, tmp_path):
    path, folder = write_coco([image(1)], [thing(1, 1, [0, 0, 9, 9], category=3)], CATEGORIES)
    shutil.copy(path, tmp_path / "train.json")
    content = json.loads(path.read_text()) | {"categories": [{"id": 3, "name": "fox"}]}
    (tmp_path / "val.json").write_text(json.dumps(content))
    pairs = [(tmp_path / f"{split}.json", folder) for split in ("train", "val")]
    report = check_coco(pairs, full=False)
    assert report.classes["train"] == {"cat": 0, "dog": 1, "fox": 0}
    assert report.classes["val"] == {"cat": 0, "dog": 0, "fox": 1}


@pytest.mark.parametrize(
    ("files", "splits"),
    [
        (["train/_annotations.coco.json", "valid/_annotations.coco.json"], ["train", "valid"]),
        (["a/train.json", "a/val.json", "b/val.json"], ["a/train", "a/val", "b/val"]),
    ],
)
def test_splits_are_named_by_folders_where_files_are_called_alike(
    files, splits, write_coco, tmp_path
):
    path, folder = write_coco([image(1)], [thing(1, 1, [0, 0, 9, 9])], CATEGORIES)
    paths = [tmp_path / "set" / file for file in files]
    for copy in paths:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    report = check_coco([(copy, folder) for copy in paths], full=False)
    assert list(report.images) == list(report.classes) == splits
    assert next(report.lines(1)).startswith(f"{tmp_path}/set, {len(files)} files: COCO; images: ")


def test_sides_and_names_that_are_none_are_told_beside_other_faults(write_coco):
    path, folder = write_coco([image(1), image(2)], [thing(1, 1, [0, 0, 9])], CATEGORIES)
    content = json.loads(path.read_text())
    content["images"][1]["height"] = "tall"
    content["categories"][0]["name"] = 7
    content["categories"][1]["name"] = "d\x1b[31mog"
    path.write_text(json.dumps(content))
    told = "\n".join(found(check_coco([(path, folder)], full=False))["broken annotation"])
    for fault in (
        "image 2: height must be a number of pixels, got 'tall'",
        "category 1: name must be a string, got 7",
        r"category names must be without control characters, got 'd\x1b[31mog'",
        "annotation 1: bbox must be finite",
    ):
        assert fault in told
    assert "\x1b" not in told


def test_a_key_written_twice_is_told(write_coco):
    path, folder = write_coco([image(1)], [], CATEGORIES)
    path.write_text(path.read_text().replace('"height"', '"width": 9, "height"'))
    assert found(check_coco([(path, folder)]))["repeated key"] == ["coco.json: 'width'"]


def test_what_is_no_json_is_told_beside_the_rest(write_coco, tmp_path):
    path, folder = write_coco([image(1)], [], CATEGORIES)
    (tmp_path / "bad.json").write_text('{"images": [')
    told = found(check_coco([(tmp_path / "bad.json", folder), (path, tmp_path / "none")]))
    assert len(told["broken annotation"]) == 2
    assert told["broken annotation"][0].startswith(f"{tmp_path}/bad.json")
    assert "must be the folder of the images" in told["broken annotation"][1]


@pytest.mark.parametrize(
    "change", [{"height": -40}, {"height": "40"}, {"width": True}, {"file_name": 7}, {"id": "x"}]
)
def test_what_the_reader_refuses_is_an_error_here_too(write_coco, change):
    path, folder = write_coco([image(1), image(2)], [thing(1, 2, [0, 0, 9, 9])], CATEGORIES)
    cv2.imwrite(str(folder / "1.png"), np.full((40, 60, 3), 9, np.uint8))
    content = json.loads(path.read_text())
    content["images"][0] |= change
    path.write_text(json.dumps(content))
    report = check_coco([(path, folder)], full=False)
    with contextlib.suppress(ValueError):
        load_coco(path, folder)
        assert report.total("error") == 0
        return
    assert report.total("error") > 0


def test_turned_objects_are_told(write_coco):
    things = [thing(number, 1, [9, 9, 9 + number, 9]) for number in range(5)]
    for one, attributes in zip(things, ({"rotation": 30}, {"rotation": 180.0}, {}, None, "x")):
        one["attributes"] = attributes
    path, folder = write_coco([image(1)], things, CATEGORIES)
    told = found(check_coco([(path, folder)], full=False))
    assert told["turned box"] == ["coco.json, image 1: cat [9.0, 9.0, 9.0, 9.0], 30 degrees"]


def test_what_is_read_otherwise_than_it_is_written_is_told(write_coco):
    images = [image("p0"), image(2), image(2)]
    things = [
        {**thing(0, "p0", None, category="1"), "segmentation": [[1, 2, 30, 2, 30, 20]]},
        {**thing("a1", 2, [1, 1, 9, 9]), "iscrowd": "false"},
        thing(3, 2, [5, 5, 9, 9]),
    ]
    del things[2]["id"]
    path, folder = write_coco(images, things, CATEGORIES)
    content = json.loads(path.read_text())
    del content["images"][0]["width"]
    path.write_text(json.dumps(content))
    cv2.imwrite(str(folder / "2.png"), np.full((40, 60, 3), 9, np.uint8))
    told = found(check_coco([(path, folder)]))
    assert {name: len(cases) for name, cases in told.items()} == {
        "annotation id 0": 1,
        "as text": 2,
        "drawn": 1,
        "no annotation id": 2,
        "no size": 1,
        "repeated entry": 1,
        "text id": 1,
    }
    assert told["as text"] == [
        "coco.json: annotation 0: category_id",
        "coco.json: annotation 'a1': iscrowd",
    ]
    assert "coco.json: 'a1', of image 2" in told["no annotation id"]


def test_files_that_share_a_folder_list_its_images_together(write_coco, tmp_path):
    images = [image(number) for number in (1, 2, 3)]
    path, folder = write_coco(images, [], CATEGORIES)
    content = json.loads(path.read_text())
    files = [tmp_path / f"{split}.json" for split in ("train", "val")]
    for file, own in zip(files, (images[:1], images[1:2]), strict=True):
        file.write_text(json.dumps({**content, "images": own}))
    told = found(check_coco([(file, folder) for file in files]))
    assert told["in no split"] == [str(folder / "3.png")]
