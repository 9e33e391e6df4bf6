"""A folder of data is enough: its form, classes and splits are found, or made once."""

import json
import os
import shutil
from pathlib import Path

import pytest

from resdet.data.catalog import load_dataset
from resdet.data.discover import data_for_config, discover, with_splits


@pytest.mark.parametrize("make", ["labelimg", "cvat", "yolo"])
def test_a_split_is_made_once(tmp_path, make, lay):
    root, output = tmp_path / "mine", tmp_path / "run"
    getattr(lay, make)(root)
    found = discover(root)
    made = with_splits(found, output)
    of = " of train, the only one there" if make == "yolo" else ""
    assert made.remarks[-1] == (
        f"made a split{of}: 8 to train, 2 to test, each class in both where it can be; kept in "
        f"{root}/resdet_splits, delete it to split anew after adding images"
    )
    assert {made.to_train: 8, made.to_watch: 2} == {"train": 8, "test": 2}
    train, test = made.load("train"), made.load("test")
    assert (len(train), len(test)) == (8, 2)
    paths = {r.path for r in train.records} | {r.path for r in test.records}
    assert len(paths) == 10
    again = discover(root)
    assert again.counts["test"] == 2
    assert with_splits(again, output) is again
    assert [r.path for r in again.load("test").records] == [r.path for r in test.records]
    assert not output.exists()


def test_each_class_is_held_out(tmp_path, lay):
    lay.labelimg(tmp_path)
    made = with_splits(discover(tmp_path), tmp_path)
    labels = [r.ground_truth.labels.tolist() for r in made.load("test").records]
    assert sorted(labels) == [[0], [1]]


@pytest.mark.parametrize("make", ["labelimg", "cvat", "yolo"])
def test_data_that_cannot_be_written(tmp_path, make, monkeypatch, lay):
    root, run = tmp_path / "mine", tmp_path / "run"
    getattr(lay, make)(root)
    mkdtemp = shutil.os.mkdir

    def refuse(path, *args, **kwargs):
        if str(path).startswith(str(root)):
            raise PermissionError(13, "read-only", str(path))
        return mkdtemp(path, *args, **kwargs)

    monkeypatch.setattr(os, "mkdir", refuse)
    made = with_splits(discover(root), run)
    assert (run / "resdet_splits/test.txt").is_file()
    assert not (root / "resdet_splits").exists()
    assert len(made.load("test")) == 2
    assert discover(root, beside=run).splits == made.splits
    other = tmp_path / "other"
    monkeypatch.undo()
    getattr(lay, make)(other)
    assert "test" not in discover(other, beside=run).splits  # lists of other data


def test_a_folder_called_as_a_split_is_divided_where_no_other_is_there(tmp_path, lay):
    lay.labelimg(tmp_path / "photos/test")
    made = with_splits(discover(tmp_path), tmp_path)
    assert made.remarks[-1].startswith("made a split of test, the only one there: 8 to train, 2 ")


def test_what_lies_behind_a_link_is_not_written_to(tmp_path, lay):
    lay.yolo(tmp_path / "store")
    (tmp_path / "store/data.yaml").unlink()
    (tmp_path / "set").mkdir()
    for part in ("images", "labels"):
        (tmp_path / "set" / part).symlink_to(tmp_path / "store" / part)
    made = with_splits(discover(tmp_path / "set"), tmp_path / "run")
    assert (tmp_path / "set/resdet_splits/test.txt").is_file()
    assert not (tmp_path / "store/images/resdet_splits").exists()
    again = discover(tmp_path / "set")
    assert (again.counts, again.splits) == ({"train": 8, "test": 2}, made.splits)
    assert len(again.load("test")) == 2


def test_made_lists_take_the_place_of_a_part_of_what_they_divide(write_voc):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    root = write_voc({str(number): body for number in range(10)}, split="trainval")
    (root / "ImageSets/Main/val.txt").write_text("0\n1\n2\n3\n")
    for made in (with_splits(discover(root), root), discover(root)):
        assert (made.to_train, made.to_watch) == ("train", "test")
        assert "in place of" in made.remarks[-1]


def test_a_training_run_tells_once_what_has_lost_its_half(tmp_path, lay):
    lay.labelimg(tmp_path)
    (tmp_path / "0.jpg").unlink()
    line = "         left out: annotations without an image: 1: 0.xml"
    assert line in data_for_config(tmp_path, tmp_path, training=False)[1]
    assert line not in data_for_config(tmp_path, tmp_path, training=True)[1]
    assert f"{tmp_path}: {line.strip()}" in discover(tmp_path).load("train").remarks


def test_what_a_config_is_told(tmp_path, lay):
    from resdet import config

    lay.labelimg(tmp_path)
    made = with_splits(discover(tmp_path), tmp_path)
    cfg = config.load("shapes_r18", made.key_values(training=True))
    assert tmp_path == Path(cfg.DATASETS.ROOT)
    assert cfg.DATASETS.TRAIN == ["voc:.:train"] or "resdet_splits" in cfg.DATASETS.TRAIN[0]
    assert cfg.DATASETS.CLASSES == ["cat", "rare"]
    assert cfg.MODEL.ROI_HEADS.NUM_CLASSES == 2


def test_the_one_folder_inside(tmp_path, lay):
    lay.yolo(tmp_path / "export" / "mine")
    (tmp_path / "photos").mkdir()
    found = discover(tmp_path)
    assert found.root == tmp_path / "export/mine"
    assert found.lines() == [
        f"data     {tmp_path}/export/mine: YOLO, found in data.yaml",
        "classes  2: cat, dog",
        "splits   train 10",
    ]


def test_a_data_yaml_is_its_folder(tmp_path, lay):
    lay.yolo(tmp_path)
    assert discover(tmp_path / "data.yaml").form == "YOLO"


def test_two_forms_are_told_apart_by_the_user(tmp_path, lay):
    lay.labelimg(tmp_path)
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    with pytest.raises(ValueError, match=r"got 2; say which, in place of the folder:") as told:
        discover(tmp_path)
    assert str(told.value).splitlines()[1:] == [
        f"  yolo:{tmp_path}  (10 images, found in labels beside images)",
        f"  voc:{tmp_path}  (10 images, found in *.xml)",
    ]
    assert discover(f"voc:{tmp_path}").form == "VOC"
    assert discover(f"yolo:{tmp_path}").form == "YOLO"


def test_what_is_no_folder(tmp_path):
    (tmp_path / "export.zip").write_text("")
    (tmp_path / "annotations.xml").write_text("<annotations/>")
    with pytest.raises(ValueError, match="must be a folder, got .*xml; give the folder that holds"):
        discover(tmp_path / "annotations.xml")
    with pytest.raises(ValueError, match="must be a folder, got .*zip; unpack the archive"):
        discover(tmp_path / "export.zip")
    (tmp_path / "a.jpg").write_text("")
    with pytest.raises(ValueError, match="must be a folder, got .*jpg; give the folder that holds"):
        discover(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="check the path"):
        discover(tmp_path / "absent.zip")


def test_nothing_to_train_on(tmp_path, lay):
    lay.roboflow(tmp_path)
    shutil.rmtree(tmp_path / "train")
    with pytest.raises(ValueError, match="must have a split to train on, .* got test, val"):
        with_splits(discover(tmp_path), tmp_path)


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_only_split_is_divided_whatever_it_is_called(tmp_path, lay, write_voc, split):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    voc = write_voc(dict.fromkeys("abcde", body), split=split)
    lay.yolo(tmp_path / "yolo", 5)
    file = tmp_path / "yolo/data.yaml"
    file.write_text(f"{split}: images\nnames: [cat, dog]\n")
    for root in (voc, tmp_path / "yolo"):
        found = with_splits(discover(root), tmp_path)
        assert found.counts == {"train": 4, "test": 1}
        assert f"made a split of {split}, the only one there: 4 to train" in found.remarks[-1]
        assert discover(root).counts == {"train": 4, "test": 1}
        assert len(found.load("train")) == 4
    for file in (tmp_path / "yolo/labels").iterdir():
        file.unlink()
    if split == "test":  # whose objects are unknown
        shutil.rmtree(tmp_path / "yolo/resdet_splits")
        with pytest.raises(ValueError, match="must have an object to learn, got none in test; an"):
            with_splits(discover(tmp_path / "yolo"), tmp_path)


def test_the_made_lists_go_before_the_one_they_divide(write_voc):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    root = write_voc({str(number): body for number in range(10)}, split="train")
    made = with_splits(discover(root), root)
    assert made.counts == {"train": 8, "test": 2}
    for split, count in made.counts.items():
        assert len(load_dataset(f"voc:.:{split}", root)) == count
        assert len(made.load(split)) == count


def test_images_that_came_later_are_in_no_split(tmp_path, lay):
    for make in ("labelimg", "cvat"):
        root = tmp_path / make
        getattr(lay, make)(root)
        with_splits(discover(root), root)
        shutil.rmtree(root / "annotations", ignore_errors=True)
        getattr(lay, make)(root, 12)
        assert any(
            "annotated images in no split: 2; list them, or delete" in line
            for line in discover(root).lines()
        )


def test_what_is_held_out_of_trainval_is_not_trained_on(write_voc):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    root = write_voc({str(number): body for number in range(10)}, split="trainval")
    for made in (with_splits(discover(root), root), discover(root)):
        assert made.counts == {"train": 8, "test": 2}
        assert (made.to_train, made.to_watch) == ("train", "test")


def test_nothing_to_learn_makes_no_split(write_voc):
    root = write_voc({"a": "", "b": ""}, split="train")
    with pytest.raises(ValueError, match="must have an object to learn, got none; annotate some"):
        with_splits(discover(root), root)
    assert not (root / "resdet_splits").exists()


def test_a_folder_is_a_folder_whatever_it_is_called(tmp_path, monkeypatch, lay):
    monkeypatch.chdir(tmp_path)
    lay.cvat(tmp_path / "voc:shoot")
    assert discover("voc:shoot").form == "COCO"
    assert discover(Path("voc:shoot")).root == tmp_path / "voc:shoot"


def test_names_that_do_not_match_stand_side_by_side(tmp_path, lay):
    lay.labelimg(tmp_path / "mine", 3)
    for number in range(3):
        image = tmp_path / f"mine/{number}.jpg"
        image.rename(image.with_name(f"IMG_{number}.jpg"))
    both = "go together, got 3 XML, 3 images, no names match: 0.xml, IMG_0.jpg; give both .*<filen"
    for root in (tmp_path / "mine", tmp_path):
        with pytest.raises(ValueError, match=both):
            discover(root)
    for image in (tmp_path / "mine").glob("*.jpg"):
        image.unlink()
    with pytest.raises(ValueError, match="got 3 XML, no images"):
        discover(tmp_path)
    lay.yolo(tmp_path / "txt", 2)
    (tmp_path / "txt/data.yaml").unlink()
    shutil.move(tmp_path / "txt/images/0.jpg", tmp_path / "txt/images/x.jpg")
    shutil.move(tmp_path / "txt/images/1.jpg", tmp_path / "txt/images/y.jpg")
    with pytest.raises(ValueError, match="2 labels, 2 images, no names match: 0.txt, x.jpg"):
        discover(tmp_path / "txt")


def test_copies_of_a_picture_are_not_trained_and_measured_on(tmp_path, lay):
    root = tmp_path / "mine"
    lay.labelimg(root, 6)
    for number in range(6):
        for copy in ("a", "b"):
            shutil.copy(root / f"{number}.jpg", root / f"{copy}{number}.jpg")
            shutil.copy(root / f"{number}.xml", root / f"{copy}{number}.xml")
    made = with_splits(discover(root), root)
    assert "copies, on the side of the first: 12" in made.remarks
    train, test = ({r.path.stem[-1] for r in made.load(s).records} for s in ("train", "test"))
    assert test
    assert not train & test


def test_what_is_faulty_beside_data_is_passed_over(tmp_path, lay):
    (tmp_path / "old.json").write_text(json.dumps(lay.coco(["/home/me/a.jpg"])))
    with pytest.raises(ValueError, match=r"images of .*old\.json must lie in"):
        discover(tmp_path)
    lay.labelimg(tmp_path, 3)
    found = discover(tmp_path)
    assert found.form == "VOC"
    assert found.remarks[0].startswith(f"passed over: images of {tmp_path}/old.json must lie")


def test_what_cannot_be_read_is_no_test(tmp_path, lay):
    for broken in range(4):
        root = tmp_path / str(broken)
        lay.labelimg(root, 4)
        (root / f"{broken}.jpg").write_bytes(b"")
        text = (root / f"{broken}.xml").read_text()
        size = "<size><width>60</width><height>40</height></size>"
        (root / f"{broken}.xml").write_text(text.replace("<annotation>", f"<annotation>{size}"))
        made = with_splits(discover(root), root)
        assert str(broken) not in {record.image_id for record in made.load("test").records}
        assert sum(made.counts.values()) == 4


def test_classes_that_are_most_likely_one_are_told(tmp_path, lay):
    lay.labelimg(tmp_path, 4)
    file = tmp_path / "0.xml"
    file.write_text(file.read_text().replace("cat", "Cat"))
    assert discover(tmp_path).of_classes == (
        "'Cat' and 'cat' are kept as classes of their own; write them alike in the annotations to "
        "make them one",
    )


def _counted_from_0(root, lay):
    lay.labelimg(root)
    for file in root.glob("*.xml"):
        file.write_text(file.read_text().replace("<xmin>1<", "<xmin>0<"))


def test_a_split_keeps_how_its_corners_were_counted(tmp_path, lay):
    _counted_from_0(tmp_path, lay)
    found = discover(tmp_path)
    assert found.corners.way == "0-continuous"
    made = with_splits(found, tmp_path)
    assert (tmp_path / "resdet_splits/CORNERS").read_text() == "0-continuous\n"
    assert made.corners == found.corners
    for file in tmp_path.glob("*.xml"):  # they are annotated anew
        file.write_text(file.read_text().replace("<xmin>0<", "<xmin>1<"))
    again = discover(tmp_path)
    assert str(again.corners) == f"0-continuous, as kept in {tmp_path}/resdet_splits"
    assert again.load("train").records[0].ground_truth.boxes[0].tolist() == [1, 1, 20, 15]
    assert again.counted("1-inclusive").load("test").corners.way == "1-inclusive"


def test_what_nothing_tells_is_not_kept(tmp_path, lay):
    lay.labelimg(tmp_path)
    for file in tmp_path.glob("*.xml"):
        file.write_text(file.read_text().replace("min>1<", "min>5<"))
    made = with_splits(discover(tmp_path), tmp_path)
    assert made.corners.assumed
    assert not (tmp_path / "resdet_splits/CORNERS").exists()


def test_corners_of_a_config_are_those_that_are_said_or_were_before_which_alone_is_told(
    tmp_path, lay
):
    _counted_from_0(tmp_path, lay)

    def told(**more):
        pairs, lines = data_for_config(tmp_path, tmp_path, training=False, **more)
        way = json.loads(pairs[pairs.index("DATASETS.VOC_CORNERS") + 1])
        return way, next((line for line in lines if line.startswith("corners  ")), "")

    assert told() == ("auto", "")  # they are judged where they are trained on
    assert told(before="0-continuous") == ("auto", "")
    way, line = told(before="0-inclusive")
    assert way == "0-inclusive"
    assert line.startswith("corners  0-inclusive, as in training; the files say 0-continuous, by")
    assert told(before="0-inclusive", corners="1-inclusive") == ("1-inclusive", "")


def test_what_a_tool_left_beside_its_export_is_told(tmp_path, lay):
    lay.labelimg(tmp_path, 3)
    lay.labelme(tmp_path, 2)
    found = discover(tmp_path)
    assert (found.form, found.counts) == ("VOC", {"all": 3})
    line = f"passed over: 2 images of LabelMe in *.json, which labelme:{tmp_path} reads"
    assert line in found.remarks
    other = discover(f"labelme:{tmp_path}")
    assert (other.form, other.counts) == ("LabelMe", {"all": 2})


def test_a_tools_own_form_is_trained_on_by_its_name(tmp_path, lay):
    lay.labelme(tmp_path)
    pairs, _ = data_for_config(tmp_path, tmp_path / "run", training=True)
    words = dict(zip(pairs[::2], pairs[1::2], strict=True))
    (train,) = json.loads(words["DATASETS.TRAIN"])
    assert train == "labelme:.:resdet_splits/train.txt"
    names = tuple(json.loads(words["DATASETS.CLASSES"]))
    data = load_dataset(train, tmp_path, class_names=names)
    assert (len(data), data.class_names, data.kind) == (8, ("cat",), "voc")
