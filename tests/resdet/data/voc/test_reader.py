import logging
import re
import shutil

import cv2
import numpy as np
import pytest

from resdet.data.voc.reader import load_voc
from resdet.structures.classes import VOC_CLASSES

SIZE = "<size><width>60</width><height>40</height></size>"


def obj(name, corners, extra=""):
    tags = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners))
    return f"<object><name>{name}</name>{extra}<bndbox>{box}</bndbox></object>"


def test_corners_are_counted_from_one_and_may_be_fractions(write_voc):
    body = SIZE + obj("cat", (1, 1, 60, 40)) + obj("dog", ("12.5", "3", "20.25", "9"))
    data = load_voc(write_voc({"a": body}), "train")
    truth = data.records[0].ground_truth
    assert truth.boxes.tolist() == [[0, 0, 60, 40], [11.5, 2, 20.25, 9]]
    assert data.class_names == ("cat", "dog")
    assert truth.labels.tolist() == [0, 1]


def test_tags_may_be_missing_and_the_parts_of_an_object_are_left_aside(write_voc):
    part = "<part><name>head</name><bndbox><xmin>2</xmin></bndbox></part>"
    body = obj("cat", (2, 2, 9, 9), "<difficult>1</difficult>") + obj("cat", (1, 1, 5, 5), part)
    record = load_voc(write_voc({"a": body}), "train").records[0]
    assert record.ground_truth.difficult.tolist() == [True, False]
    assert record.ground_truth.boxes.tolist() == [[1, 1, 9, 9], [0, 0, 5, 5]]
    assert (record.height, record.width) == (40, 60)  # from the image: <size> is missing


@pytest.mark.parametrize(
    "suffix", [".jpg", ".JPG", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".TIFF", ".ppm"]
)
def test_image_suffixes(write_voc, suffix):
    record = load_voc(write_voc({"a": obj("cat", (1, 1, 9, 9))}, suffix=suffix), "train").records[0]
    assert record.path.name == f"a{suffix}"
    assert (record.height, record.width) == (40, 60)


def test_annotations_without_pictures_can_be_scored(write_voc):
    root = write_voc(
        {"a": SIZE + obj("cat", (1, 1, 9, 9)), "b": SIZE, "c": obj("cat", (1, 1, 2, 2))}
    )
    for stem in "ac":
        (root / "JPEGImages" / f"{stem}.jpg").unlink()
    with pytest.raises(ValueError, match="2 faults.*\n.*got 'a'; add the image"):
        load_voc(root, "train")
    sizes = [(r.height, r.width) for r in load_voc(root, "train", images=False).records]
    assert sizes == [(40, 60), (40, 60), (0, 0)]  # nothing says how large c is
    (root / "Annotations" / "c.xml").unlink()
    with pytest.raises(ValueError, match=r"1 fault:\n.*must list images or annotations.*got 'c'"):
        load_voc(root, "train", images=False)
    (root / "ImageSets" / "Main" / "train.txt").write_text("a")
    shutil.rmtree(root / "JPEGImages")
    records = load_voc(root, "train", images=False).records
    assert [(r.image_id, r.height, r.width) for r in records] == [("a", 40, 60)]
    assert records[0].ground_truth.boxes.tolist() == [[0, 0, 9, 9]]


def test_without_pictures_no_path_of_the_list_is_opened(write_voc):
    root = write_voc({"a": SIZE}, listing="a\n../../secret\n../Annotations/a\n")
    (root / "secret.xml").write_text("<annotation>" + SIZE + "</annotation>")
    with pytest.raises(ValueError, match=r"1 fault:\n.*got '\.\./\.\./secret'"):
        load_voc(root, "train", images=False)


def test_split_files_of_one_line_with_columns_blanks_and_spaces(write_voc):
    bodies = dict.fromkeys(("000001", "000002", "my photo"), SIZE)
    root = write_voc(bodies, listing="\n000002  1\n\nmy photo\n000002 -1\n")
    assert [r.image_id for r in load_voc(root, "train").records] == ["000002", "my photo"]
    root = write_voc(bodies, split="one", listing="000001")
    assert len(load_voc(root, "one")) == 1


@pytest.mark.parametrize(
    ("folder", "names", "metric"),
    [
        ("VOC2007", VOC_CLASSES, "11point"),
        ("VOC2012", VOC_CLASSES, "area"),
        ("mine", ("cat",), "area"),
    ],
)
def test_the_year_of_the_folder_rules_classes_and_metric(write_voc, folder, names, metric):
    data = load_voc(write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))}, folder=folder), "train")
    assert data.class_names == names
    assert data.metric == metric


def test_class_names_by_argument_then_file_then_every_annotation(write_voc):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))}, split="val")
    root = write_voc({"b": SIZE + obj("ant", (1, 1, 9, 9))})
    assert load_voc(root, "train").class_names == ("ant", "cat")
    (root / "classes.txt").write_text("dog\ncat\nant\n\n")
    assert load_voc(root, "train").class_names == ("dog", "cat", "ant")
    data = load_voc(root, "train", class_names=("bee", "ant"))
    assert data.records[0].ground_truth.labels.tolist() == [1]


def test_what_lies_there_instead_of_an_image_is_told(write_voc):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))}, listing="a\nb\n")
    (root / "JPEGImages" / "b.dng").touch()
    fault = "got 'b'; b.dng lies there, .* no kind that is read: save it as JPEG or PNG or drop"
    with pytest.raises(ValueError, match=fault):
        load_voc(root, "train")


def test_every_fault_is_told_at_once(write_voc):
    good = SIZE + obj("cat", (1, 1, 9, 9))
    bodies = {"a": good + obj("cta", (1, 1, 5, 5)), "b": good, "c": SIZE + "<object>", "d": good}
    root = write_voc(bodies, listing="a\nb\nc\nd\ngone\n../secret\n")
    (root / "Annotations" / "b.xml").unlink()
    (root / "Annotations" / "d.xml").write_text("<annotation>" + obj("cat", (1, "x", 2, 2)))
    with pytest.raises(ValueError, match="6 faults") as error:
        load_voc(root, "train", class_names=("ant", "cat"))
    text = str(error.value)
    assert "a.xml: class must be one of cat, ant, got 'cta'" in text
    assert "b.xml must be the annotation of a listed image, got no file" in text
    assert "c.xml must be plain XML, got mismatched tag" in text
    assert "d.xml must be plain XML" in text
    assert "got 'gone'; add the image or drop the line" in text
    assert "got '../secret'" in text


def test_unreadable_corners_name_file_and_object(write_voc):
    body = SIZE + obj("cat", (1, 1, 5, 5)) + obj("cat", (1, "nan", 5, "?"))
    with pytest.raises(ValueError, match=r"a.xml, object 2: bndbox must be four numbers") as error:
        load_voc(write_voc({"a": body}), "train")
    assert "got ['1', 'nan', '5', '?']" in str(error.value)


@pytest.mark.parametrize("width", ["1e999", "1e300"])
def test_sizes_and_corners_that_no_image_has_are_faults(write_voc, width):
    body = SIZE.replace("60", width) + obj("cat", (1, 1, width, 5))
    with pytest.raises(ValueError, match="2 faults") as error:
        load_voc(write_voc({"a": body}), "train")
    assert f"a.xml: size must be in pixels, got {float(width)} x 40.0" in str(error.value)
    assert "a.xml, object 1: bndbox must be" in str(error.value)


@pytest.mark.parametrize("name", ["ImageSets/Main/train.txt", "classes.txt"])
def test_lists_must_be_utf_8(write_voc, name):
    root = write_voc({"a": SIZE})
    (root / name).write_bytes("é\n".encode("latin-1"))
    with pytest.raises(ValueError, match=re.escape(f"{root / name} must be UTF-8 text")):
        load_voc(root, "train")


def test_more_than_ten_faults_are_counted(write_voc):
    listing = "\n".join(["a", *(f"gone{n}" for n in range(25))])
    with pytest.raises(ValueError, match="25 faults") as error:
        load_voc(write_voc({"a": SIZE}, listing=listing), "train")
    assert str(error.value).count("gone") == 10
    assert str(error.value).endswith("... and 15 more")


def test_entities_are_refused(write_voc):
    root = write_voc({"a": SIZE})
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]>'
    text = f"{bomb}<annotation>{obj('&y;', (1, 1, 5, 5))}</annotation>"
    declared = '<?xml version="1.0" encoding="{}"?>'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "koi8-r"):
        content = declared.format(encoding.replace("-sig", "").rstrip("-lbe")) + text
        (root / "Annotations" / "a.xml").write_bytes(content.encode(encoding))
        with pytest.raises(ValueError, match=r"a\.xml must be plain XML, got a DOCTYPE"):
            load_voc(root, "train")


@pytest.mark.parametrize("encoding", ["cp037", "utf-7", "shift-jis", "nonsense"])
def test_encodings_that_could_hide_an_entity_are_refused(write_voc, encoding):
    root = write_voc({"a": SIZE})
    text = f'<?xml version="1.0" encoding="{encoding}"?><annotation>+ADw-/annotation>'
    (root / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(ValueError, match=r"a\.xml must be plain XML"):
        load_voc(root, "train")


@pytest.mark.parametrize("body", ["", SIZE, "<object/>", "<object><bndbox/></object>"])
def test_annotations_with_little_in_them(write_voc, body):
    root = write_voc({"a": body})
    if "object" not in body:
        assert len(load_voc(root, "train").records[0].ground_truth) == 0
        return
    with pytest.raises(ValueError, match=r"a.xml, object 1: bndbox must be four numbers.*None"):
        load_voc(root, "train")


def test_numbers_are_written_as_numbers(write_voc):
    with pytest.raises(ValueError, match=r"got \['1', '1', '1_0', '5'\]"):
        load_voc(write_voc({"a": SIZE + obj("cat", (1, 1, "1_0", 5))}), "train")
    body = SIZE + obj("cat", (" 1 ", "1.0", "1e1", "5\n"))
    assert load_voc(write_voc({"a": body}), "train").records[0].ground_truth.boxes[0, 2] == 10


def test_file_names_in_annotations_are_not_followed(write_voc, tmp_path):
    root = write_voc({"a": SIZE + "<filename>../../other.jpg</filename><path>/etc/passwd</path>"})
    assert load_voc(root, "train").records[0].path == root / "JPEGImages" / "a.jpg"


def test_a_missing_split_lists_those_there(write_voc):
    root = write_voc({"a": SIZE}, split="trainval")
    with pytest.raises(ValueError, match=r"test.txt must be a file.*splits there: trainval"):
        load_voc(root, "test")


def test_a_test_split_may_be_unlabelled_but_not_in_part(write_voc):
    root = write_voc({"a": SIZE, "b": SIZE}, split="test")
    (root / "Annotations" / "a.xml").unlink()
    with pytest.raises(ValueError, match=r"a.xml must be the annotation"):
        load_voc(root, "test")
    (root / "Annotations" / "b.xml").unlink()
    records = load_voc(root, "test").records
    assert [r.ground_truth for r in records] == [None, None]
    assert (records[0].height, records[0].width) == (40, 60)


def test_thin_boxes_are_kept_and_named(write_voc, caplog):
    body = SIZE + obj("cat", (7, 8, 7, 8)) + obj("cat", (1, 1, 9, 9))
    with caplog.at_level(logging.WARNING, "resdet.data"):
        data = load_voc(write_voc({"a": body}), "train")
    assert len(data.records[0].ground_truth) == 2
    assert "a.xml: cat [7.0, 8.0, 7.0, 8.0]" in caplog.text
    assert "at most 1 pixel: 1;" in caplog.text


def test_a_rotated_jpeg_is_measured_as_it_is_read(write_voc):
    root = write_voc({"a": obj("cat", (1, 1, 9, 9))})
    path = root / "JPEGImages" / "a.jpg"
    plain = path.read_bytes()
    tiff = b"MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(plain[:2] + segment + plain[2:])
    record = load_voc(root, "train").records[0]
    assert (record.height, record.width) == (60, 40)
    assert cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR).shape == (60, 40, 3)


def test_corners_keep_every_digit(write_voc):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 10.7, 10))})
    truth = load_voc(root, "train").records[0].ground_truth
    assert truth.boxes.tolist() == [[0, 0, 10.7, 10]]


def test_a_class_named_twice_is_a_fault(write_voc):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))})
    (root / "classes.txt").write_text("cat\ncat\ndog")
    with pytest.raises(ValueError, match="class names must differ, got 'cat' more than once"):
        load_voc(root, "train")
