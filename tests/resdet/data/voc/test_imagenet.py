"""ImageNet's trees as its devkit describes them."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.catalog import load_dataset, names_below
from resdet.data.discover import discover
from resdet.data.voc.check import check_voc
from resdet.data.voc.imagenet import tree_of
from resdet.data.voc.reader import load_voc

ACCORDION, AIRPLANE, ANT = "n02672831", "n02691156", "n02219486"
_DET = """<annotation>
\t<folder>{folder}</folder>
\t<filename>{name}</filename>
\t<source>
\t\t<database>ILSVRC_2014</database>
\t</source>
\t<size>
\t\t<width>60</width>
\t\t<height>40</height>
\t</size>
{objects}</annotation>
"""
_LOC = """<annotation>
\t<folder>val</folder>
\t<filename>{name}</filename>
\t<source>
\t\t<database>ILSVRC_2012</database>
\t</source>
\t<size>
\t\t<width>60</width>
\t\t<height>40</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
{objects}</annotation>
"""
_OF_DET = (
    "\t<object>\n\t\t<name>{}</name>\n\t\t<bndbox>\n\t\t\t<xmin>{}</xmin>\n\t\t\t<xmax>{}</xmax>\n"
    "\t\t\t<ymin>{}</ymin>\n\t\t\t<ymax>{}</ymax>\n\t\t</bndbox>\n\t</object>\n"
)
_OF_LOC = (
    "\t<object>\n\t\t<name>{}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
    "\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{}</xmin>\n\t\t\t<ymin>{}</ymin>\n"
    "\t\t\t<xmax>{}</xmax>\n\t\t\t<ymax>{}</ymax>\n\t\t</bndbox>\n\t</object>\n"
)


def put(root: Path, task: str, stem: str, objects: list | None) -> None:
    """An image, and its annotation where there is one; objects: (name, xmin, ymin, xmax, ymax)."""
    image = root / "Data" / task / f"{stem}.JPEG"
    image.parent.mkdir(parents=True, exist_ok=True)
    colour = [sum(stem.encode()) % 256, len(stem), ord(stem[-1])]
    image.write_bytes(cv2.imencode(".jpg", np.full((40, 60, 3), colour, np.uint8))[1].tobytes())
    if objects is None:
        return
    file = root / "Annotations" / task / f"{stem}.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    form, thing = (_DET, _OF_DET) if task == "DET" else (_LOC, _OF_LOC)
    turned = [(n, x, X, y, Y) if task == "DET" else (n, x, y, X, Y) for n, x, y, X, Y in objects]
    text = "".join(thing.format(*one) for one in turned)
    folder, name = stem.split("/")[-2:]
    file.write_text(form.format(folder=folder, name=name, objects=text))


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def det(tmp_path) -> Path:
    root = tmp_path / "ILSVRC"
    first, second = (f"ILSVRC2013_train/{ACCORDION}/{ACCORDION}_{n}" for n in (1, 2))
    other = "ILSVRC2014_train_0000/ILSVRC2014_train_00000001"
    extra = "ILSVRC2013_train_extra0/ILSVRC2013_train_00000001"
    put(root, "DET", f"train/{first}", [(ACCORDION, 0, 5, 30, 40)])
    put(root, "DET", f"train/{second}", [(ACCORDION, 0, 0, 60, 40)])
    put(root, "DET", f"train/{other}", [(AIRPLANE, 3, 3, 40, 30), (ANT, 0, 8, 9, 20)])
    put(root, "DET", f"train/{extra}", None)
    for n in range(1, 9):
        name = (ACCORDION, AIRPLANE, ANT)[n % 3]
        put(root, "DET", f"val/ILSVRC2012_val_0000000{n}", [(name, 0, n, 20, 30 + n)])
    put(root, "DET", "test/ILSVRC2013_test_00000001", None)
    lists = root / "ImageSets" / "DET"
    write(lists / "train_1.txt", f"{first} 1", f"{second} 0", f"{extra} -1")
    write(lists / "train_2.txt", f"{other} 1", f"{first} -1")
    write(lists / "val.txt", *(f"ILSVRC2012_val_0000000{n} {n}" for n in range(1, 9)))
    write(lists / "test.txt", "ILSVRC2013_test_00000001 1")
    devkit = root / "devkit" / "data"
    write(
        devkit / "map_det.txt", f"{ACCORDION} 1 accordion", f"{AIRPLANE} 2 airplane", f"{ANT} 3 ant"
    )
    return root


@pytest.fixture
def loc(tmp_path) -> Path:
    root = tmp_path / "ILSVRC"
    put(root, "CLS-LOC", f"train/{ANT}/{ANT}_7", [(ANT, 0, 0, 20, 20)])
    put(root, "CLS-LOC", f"train/{ANT}/{ANT}_8", None)
    put(root, "CLS-LOC", f"train/{AIRPLANE}/{AIRPLANE}_7", [(AIRPLANE, 0, 0, 60, 20)])
    boxes = [(ANT, 0, 1, 20, 20), (ANT, 30, 1, 50, 20)]
    put(root, "CLS-LOC", "val/ILSVRC2012_val_00000001", boxes)
    put(root, "CLS-LOC", "val/ILSVRC2012_val_00000002", [(AIRPLANE, 0, 2, 60, 40)])
    lists, both = root / "ImageSets" / "CLS-LOC", (f"{ANT}/{ANT}_7", f"{AIRPLANE}/{AIRPLANE}_7")
    write(lists / "train_cls.txt", f"{both[0]} 1", f"{ANT}/{ANT}_8 2", f"{both[1]} 3")
    write(lists / "train_loc.txt", f"{both[0]} 1", f"{both[1]} 2")
    write(lists / "val.txt", *(f"ILSVRC2012_val_0000000{n} {n}" for n in (1, 2)))
    return root


def ids(dataset) -> list[str]:
    return [Path(str(record.image_id)).name for record in dataset.records]


def test_det_is_found_with_its_lists_and_classes(det):
    found = discover(det)
    assert found.form == "VOC"
    assert found.class_names == (ACCORDION, AIRPLANE, ANT)
    # of the two accordions, one is annotated in part: it is not to be trained on
    assert found.counts == {"train": 2, "val": 8, "test": 1, "val1": 4, "val2": 4}
    assert (found.to_train, found.to_watch, found.to_measure) == ("train", "val", "val")
    train = found.load("train")
    assert ids(train) == [f"{ACCORDION}_1", "ILSVRC2014_train_00000001"]
    assert train.records[1].ground_truth.boxes.tolist() == [[3, 3, 40, 30], [0, 8, 9, 20]]
    assert train.records[1].ground_truth.labels.tolist() == [1, 2]
    assert train.records[0].path.suffix == ".JPEG"
    assert (train.records[0].height, train.records[0].width) == (40, 60)
    assert (train.judged_by, train.metric) == ("imagenet", "area")
    assert [r.ground_truth for r in found.load("test").records] == [None]
    assert check_voc(det).total("error") == 0


def test_without_lists_of_classes_all_that_is_annotated_is_trained_on(det):
    for file in (det / "ImageSets" / "DET").glob("train_*.txt"):
        file.unlink()
    assert len(load_voc(det, "train")) == 3


def test_a_listed_training_image_without_annotation_shows_nothing(det, tmp_path):
    extra = "train/ILSVRC2013_train_extra0/ILSVRC2013_train_00000001"
    write(tmp_path / "mine.txt", extra, f"train/ILSVRC2013_train/{ACCORDION}/{ACCORDION}_2")
    data = load_voc(det, "mine", listing=tmp_path / "mine.txt")
    assert [len(record.ground_truth) for record in data.records] == [0, 1]
    assert "as ImageNet leaves those without objects" in data.remarks[-1]


def test_without_a_map_classes_are_those_that_are_named(det):
    shutil.rmtree(det / "devkit")
    assert discover(det).class_names == (ANT, ACCORDION, AIRPLANE)


def test_a_devkit_beside_the_tree_will_do(det):
    shutil.move(det / "devkit", det.parent / "ILSVRC2014_devkit")
    assert discover(det).class_names == (ACCORDION, AIRPLANE, ANT)


def test_the_blacklist_leaves_out_classes_of_images(det):
    blacklist = det / "devkit" / "data" / "ILSVRC2015_det_validation_blacklist.txt"
    write(blacklist, f"2 {ACCORDION}", f"1 {ANT}")
    data = load_voc(det, "val")
    assert data.left_out == {
        ("val/ILSVRC2012_val_00000002", 0),
        ("val/ILSVRC2012_val_00000001", 2),
    }
    assert load_voc(det, "train").left_out == frozenset()


def test_names_below_a_root(det, loc):
    assert set(names_below(det.parent)) >= {"imagenet_det_val2", "imagenet_loc_train"}
    data = load_dataset("imagenet_det_val", det.parent)
    assert (data.name, len(data)) == ("imagenet_det_val", 8)
    assert load_dataset("imagenet_loc_val", det.parent).class_names == (ANT, AIRPLANE)
    with pytest.raises(ValueError, match="imagenet_det_val must lie below"):
        load_dataset("imagenet_det_val", det / "Data")


def test_cls_loc_is_found(loc):
    found = discover(loc)
    assert found.counts == {"train": 2, "val": 2}
    val = found.load("val")
    assert val.judged_by == "localisation"
    assert [r.ground_truth.labels.tolist() for r in val.records] == [[0, 0], [1]]
    assert ids(found.load("train")) == [f"{ANT}_7", f"{AIRPLANE}_7"]
    assert check_voc(loc).total("error") == 0


def test_cls_loc_takes_the_order_of_its_map_or_of_kaggles(loc):
    write(loc.parent / "LOC_synset_mapping.txt", f"{AIRPLANE} airliner, plane", f"{ANT} ant, emmet")
    assert discover(loc).class_names == (AIRPLANE, ANT)
    write(loc / "devkit" / "data" / "map_clsloc.txt", f"{ANT} 1 ant", f"{AIRPLANE} 2 airliner")
    assert discover(loc).class_names == (ANT, AIRPLANE)


def test_cls_locs_blacklist_leaves_out_images(loc):
    write(loc / "devkit" / "data" / "ILSVRC2015_clsloc_validation_blacklist.txt", "1")
    assert load_voc(loc, "val").left_out == {("val/ILSVRC2012_val_00000001", 0)}


def test_of_two_tasks_one_is_to_be_named(det, loc):
    with pytest.raises(
        ValueError, match=r"one of ImageNet's tasks, got DET and CLS-LOC; give .*DET"
    ):
        discover(det)
    for task, images in (("DET", 8), ("CLS-LOC", 2)):
        assert discover(det / "Annotations" / task).counts["val"] == images
    assert tree_of(det.parent) is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["9 n02672831"], r"must have lines of `number class`.* got '9 n02672831'"),
        (["1 n00000000"], "got '1 n00000000'"),
        (["1"], "got '1'"),
    ],
)
def test_a_blacklist_of_other_data_is_refused(det, lines, message):
    write(det / "devkit" / "data" / "ILSVRC2017_det_validation_blacklist.txt", *lines)
    with pytest.raises(ValueError, match=message):
        load_voc(det, "val")


def test_a_blacklist_without_numbers_is_refused(det):
    write(det / "devkit" / "data" / "ILSVRC2017_det_validation_blacklist.txt", f"1 {ANT}")
    (det / "ImageSets" / "DET" / "val.txt").unlink()
    with pytest.raises(ValueError, match=r"val\.txt must be a file, got none, and .*blacklist"):
        load_voc(det, "val")


def test_an_unknown_class_is_told(det):
    file = det / "Annotations" / "DET" / "val" / "ILSVRC2012_val_00000001.xml"
    file.write_text(file.read_text().replace(AIRPLANE, "n00000000"))
    with pytest.raises(ValueError, match="class must be one of n02.*, got 'n00000000'"):
        load_voc(det, "val")


def test_half_a_folder_is_told(det):
    shutil.rmtree(det / "Data")
    with pytest.raises(ValueError, match="Data/DET must be a folder of images, got none"):
        load_voc(det, "val")
    with pytest.raises(ValueError, match="that go together, got 11 XML, no images; put the images"):
        discover(det)
    assert discover(det, images=False).counts["val"] == 8  # enough to score


def test_images_alone_are_told(det):
    shutil.rmtree(det / "Annotations")
    with pytest.raises(ValueError, match=r"Annotations/DET must hold an annotation of each image"):
        discover(det)


def test_a_missing_split_is_told(det):
    with pytest.raises(ValueError, match=r"val3.txt must be a file, got none; splits there: test"):
        load_voc(det, "val3")
    with pytest.raises(ValueError, match="split of .* must be one of .*val1, val2, got 'val3'"):
        discover(det).load("val3")
