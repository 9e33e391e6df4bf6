"""CVAT for images 1.1 in a folder: found, loaded, converted."""

import shutil

import pytest

from resdet.data.convert import convert
from resdet.data.cvat.dump import open_cvat
from resdet.data.discover import discover

LABELS = ("dog", "cat", "never")


def image(name, body="", **words):
    told = "".join(f' {key}="{value}"' for key, value in words.items())
    return f'<image id="0" name="{name}" width="60" height="40"{told}>{body}</image>'


def box(label="cat", corners=(1.5, 2, 20, 10), **words):
    told = "".join(f' {key}="{value}"' for key, value in words.items())
    names = zip(("xtl", "ytl", "xbr", "ybr"), corners, strict=True)
    return f'<box label="{label}" ' + " ".join(f'{k}="{v}"' for k, v in names) + f"{told}/>"


@pytest.fixture
def dump(tmp_path, lay):
    """Writes XML as CVAT does, and the images that are named."""

    def write(
        images,
        pictures=("images/a.jpg", "images/b.jpg"),
        *,
        file="annotations.xml",
        labels=LABELS,
        owner="task",
    ):
        for picture in pictures:
            lay.picture(tmp_path / picture)
        listed = "".join(f"<label><name>{name}</name></label>" for name in labels)
        meta = f"<meta><{owner}><labels>{listed}</labels></{owner}><dumped>now</dumped></meta>"
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(
            f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{meta}'
            f"{''.join(images)}</annotations>"
        )
        return tmp_path

    return write


@pytest.mark.parametrize("owner", ["task", "project", "job"])
def test_boxes_classes_and_empty_images(dump, owner):
    root = dump([image("a.jpg", box() + box("dog")), image("b.jpg")], owner=owner)
    found = discover(root)
    assert (found.kind, found.form, found.why) == ("cvat", "CVAT", "annotations.xml")
    assert (found.class_names, found.own_classes) == (LABELS, True)
    assert found.counts == {"all": 2}
    data = found.load("all")
    assert [record.path.name for record in data.records] == ["a.jpg", "b.jpg"]
    first, empty = (record.ground_truth for record in data.records)
    assert first.boxes.tolist() == [[1.5, 2, 20, 10]] * 2
    assert first.labels.tolist() == [1, 0]
    assert len(empty) == 0
    assert (data.records[0].height, data.records[0].width) == (40, 60)


def test_labels_of_whole_images_and_of_points_are_no_classes(dump):
    root = dump([image("a.jpg", box() + '<tag label="blurry"/><points label="eye" points="1,1"/>')])
    file = root / "annotations.xml"
    kinds = {"blurry": "tag", "eye": "points", "bus": "any", "car": "rectangle"}
    typed = "".join(f"<label><name>{n}</name><type>{k}</type></label>" for n, k in kinds.items())
    file.write_text(file.read_text().replace("</labels>", f"{typed}</labels>"))
    found = discover(root)
    assert found.class_names == (*LABELS, "bus", "car")
    assert len(found.load("all").records[0].ground_truth) == 1


def test_parts_of_a_skeleton_are_no_classes(dump):
    root = dump([image("a.jpg", box())])
    file = root / "annotations.xml"
    part = "<label><name>knee</name><parent>dog</parent></label></labels>"
    file.write_text(file.read_text().replace("</labels>", part))
    assert discover(root).class_names == LABELS


def test_without_labels_the_names_of_objects(dump):
    found = discover(dump([image("a.jpg", box("b") + box("a"))], labels=()))
    assert (found.class_names, found.own_classes) == (("a", "b"), False)


def test_an_object_of_no_label_is_told(dump):
    found = discover(dump([image("a.jpg", box("cow"))]))
    with pytest.raises(
        ValueError,
        match=r"annotations.xml, image a.jpg: class must be one of dog, "
        r"cat, never, got 'cow'; rename it or list it in the labels of annot",
    ):
        found.load("all")


def test_subsets_of_a_project_and_folders_are_splits(dump):
    images = [image("a.jpg", subset="Train"), image("a.jpg", box(), subset="Validation")]
    root = dump(images, ["images/Train/a.jpg", "images/Validation/a.jpg"], owner="project")
    found = discover(root)
    assert found.counts == {"train": 1, "val": 1}
    record = found.load("val").records[0]
    assert record.path == root / "images/Validation/a.jpg"
    assert len(record.ground_truth) == 1


def test_a_subset_says_more_than_folders(dump):
    images = [image("a.jpg", subset="Test"), image("b.jpg", subset="second shoot")]
    assert discover(dump(images)).counts == {"test": 1, "second shoot": 1}
    images = [image("a.jpg", subset="default"), image("b.jpg")]
    assert discover(dump(images)).counts == {"all": 2}


def test_a_file_for_each_split_as_datumaro_writes(dump):
    dump([image("a.jpg", box())], file="train.xml")
    found = discover(dump([image("b.jpg", box())], file="val.xml"))
    assert found.counts == {"train": 1, "val": 1}
    assert found.why == "train.xml, val.xml"


def test_a_frame_of_a_video_has_no_suffix_in_its_name(dump):
    root = dump([image("frame_000000", box())], ["images/frame_000000.PNG".lower()])
    assert discover(root).counts == {"all": 1}


def test_what_is_left_out_is_told(dump):
    body = box() + '<polygon label="cat" points="1,2;3,4;9,9"/><points label="cat" points="1,2"/>'
    body += '<tag label="cat"/>'
    pictures = ("images/a.jpg", "images/b.jpg")
    found = discover(dump([image("a.jpg", body), image("gone.jpg")], pictures))
    assert found.lost == (
        "objects that are no boxes, taken by the boxes around them: 1 polygon",
        "left out: shapes that have no box: 1 points",
        "left out: annotations without an image: 1: gone.jpg",
        "left out: images without annotation: 1: b.jpg",
    )
    assert len(found.load("all").records[0].ground_truth) == 2
    assert found.load("all").remarks == tuple(f"{found.root}: {line}" for line in found.lost)


def test_turned_objects_are_told_and_their_angle_goes_on(dump, caplog, tmp_path_factory):
    found = discover(dump([image("a.jpg", box(rotation=30))]))
    found.load("all")
    assert (
        "objects turned by an attribute, of which the box before the turn is read: 1" in caplog.text
    )
    out = tmp_path_factory.mktemp("out") / "coco"
    convert(found, out, "coco")
    assert '"attributes": {"rotation": 30.0}' in next(out.rglob("*.json")).read_text()


def test_a_difficult_object(dump):
    body = '<box label="cat" xtl="1" ytl="1" xbr="9" ybr="9"><attribute name="difficult">true'
    found = discover(dump([image("a.jpg", f"{body}</attribute></box>{box()}")]))
    assert found.load("all").records[0].ground_truth.difficult.tolist() == [True, False]


def test_faults_name_file_image_and_shape(dump):
    bad = '<box label="cat" xtl="x" ytl="1" xbr="9" ybr="9"/>'
    found = discover(dump([image("a.jpg", box() + bad)]))
    with pytest.raises(ValueError, match="annotations.xml, image a.jpg, shape 2: box must have"):
        found.load("all")


def test_two_files_of_one_image(dump):
    dump([image("a.jpg", box())], file="old.xml")
    found = discover(dump([image("a.jpg", box())]))
    with pytest.raises(
        ValueError,
        match="images/a.jpg must be annotated once, got annotations.xml,"
        " image a.jpg and old.xml, image a.jpg; move one",
    ):
        found.load("all")


def test_a_file_cut_short(dump):
    root = dump([image("a.jpg", box())])
    file = root / "annotations.xml"
    file.write_text(file.read_text()[:-30])
    with pytest.raises(ValueError, match="annotations.xml must be plain XML, got .*CVAT again"):
        discover(root)


def test_images_that_are_not_there(dump):
    root = dump([image("a.jpg", box())], ["images/other.jpg"])
    with pytest.raises(
        ValueError,
        match="got annotations.xml of CVAT, and 1 image, none of its "
        'names; put its images into images/ beside it, or export once more with "S',
    ):
        discover(root)


def test_tracks_and_others_are_no_images(dump):
    root = dump(['<track id="0" label="cat"><box frame="0"/></track>'])
    assert open_cvat(root) is None
    (root / "annotations.xml").write_text("<annotation/>")
    assert open_cvat(root) is None


def test_lists_of_a_split_that_was_made(dump, lay):
    names = [f"{n}.jpg" for n in range(10)]
    root = dump([image(name, box()) for name in names], [f"images/{name}" for name in names])
    from resdet.data.discover import with_splits

    made = with_splits(discover(root), root)
    assert made.counts == {"train": 8, "test": 2}
    assert discover(root).counts == made.counts
    assert {r.path for r in made.load("train").records}.isdisjoint(
        r.path for r in made.load("test").records
    )
    shutil.rmtree(root / "resdet_splits")
