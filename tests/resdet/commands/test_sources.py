"""What is scored and against what: image ids, pictures and boxes on their way through."""

import argparse
import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from resdet.checkpoints.checkpoint import DetectorCheckpoint, save
from resdet.commands import eval_coco, eval_voc, sources
from resdet.data.convert import convert
from resdet.data.discover import discover
from resdet.detector.extras.asked import Extras
from resdet.evaluation import DetectionTable, to_coco_results, write_comp4
from resdet.evaluation.coco.match import match_coco
from resdet.evaluation.coco.truth import coco_truth
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord

CLASSES = ("cat", "dog")
SIDE = np.array([[10, 10, 40, 30]], np.float32)


@pytest.fixture
def voc(tmp_path):
    records = [
        ImageRecord(stem, tmp_path / f"JPEGImages/{stem}.png", 50, 50, GroundTruth(SIDE, [label]))
        for label, stem in enumerate(("2008_000012", "2008_000007"))
    ]
    return Dataset("voc_2008_val", "voc", CLASSES, tuple(records), tmp_path)


def options(**given):
    fast = {"runtime": "", "precision": "fp32", "compile": False, "batch": 1}
    none = {"checkpoint": None, "detections": None, "images": None}
    extras = {"refine": False, "maxout": (), "multi_scale": (), "flip": False, "ensemble": []}
    return argparse.Namespace(**{**none, **extras, **fast, **given})


def test_voc_data_keep_their_image_ids_when_coco_counts_them(voc, tmp_path):
    found = [Detections(r.image_id, SIDE, r.ground_truth.labels, [0.9]) for r in voc.records]
    write_comp4(tmp_path / "comp4", found, CLASSES)
    results = sources.coco_results(options(detections=tmp_path / "comp4"), voc)
    matches = match_coco(coco_truth(voc), results)
    assert set(matches.image_ids) == {"2008_000012", "2008_000007"}
    assert (matches.verdicts == 1).all()
    of_cat = matches.images[matches.labels == 0].tolist()
    assert [matches.image_ids[i] for i in of_cat] == ["2008_000012"]


def test_an_inverted_box_has_no_area(voc, tmp_path):
    found = [Detections("2008_000012", [[40, 30, 10, 10]], [0], [0.9])]
    write_comp4(tmp_path / "comp4", found, CLASSES)
    results = sources.coco_results(options(detections=tmp_path / "comp4"), voc)
    assert results.boxes.tolist() == [[40, 30, 0, 0]]


def test_images_are_not_guessed_by_their_place(voc, tmp_path):
    records = [replace(r, image_id=f"img_{7 - i}") for i, r in enumerate(voc.records)]
    voc = replace(voc, records=tuple(records))
    path = tmp_path / "found.json"
    entry = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 20], "score": 0.5}
    path.write_text(json.dumps([entry]))
    with pytest.raises(ValueError, match=r"1 unknown \(1\)"):
        match_coco(coco_truth(voc), sources.coco_results(options(detections=path), voc))


def test_a_folder_of_years_is_the_one_with_the_split(tmp_path):
    for year in ("VOC2007", "VOC2012"):
        (tmp_path / f"VOCdevkit/{year}/ImageSets/Main").mkdir(parents=True)
    (tmp_path / "VOCdevkit/VOC2012/ImageSets/Main/val.txt").write_text("a")
    assert sources.voc_root(tmp_path, "val") == tmp_path / "VOCdevkit/VOC2012"
    assert sources.voc_root(tmp_path / "VOCdevkit", "val").name == "VOC2012"
    (tmp_path / "VOCdevkit/VOC2007/ImageSets/Main/val.txt").write_text("a")
    with pytest.raises(ValueError, match=r"VOC2007.*VOC2012; name the one"):
        sources.voc_root(tmp_path, "val")


def test_a_detector_of_other_classes_is_refused(voc, monkeypatch):
    class Detector:
        class_names = ("cat", "cow")
        extras = Extras()
        ran_by = "tv"

        def predict_records(self, records):
            return iter(())

    monkeypatch.setattr("resdet.runtimes.load.load_detector", lambda *a, **k: Detector())
    with pytest.raises(ValueError, match=r"\[cat, cow\] for \[cat, dog\]"):
        sources.detect(options(checkpoint="m.pth", engine="auto", device="", shards=None), voc)


def test_ids_of_results_are_those_of_the_data(voc, tmp_path):
    path = tmp_path / "found.json"
    entry = {"image_id": "2008_000007", "category_id": 2, "bbox": [10, 10, 30, 20], "score": 0.5}
    path.write_text(json.dumps([entry]))
    table = sources.detections(options(detections=path), voc)
    assert isinstance(table, DetectionTable)
    assert table.image_ids == ("2008_000007",)
    assert table.labels.tolist() == [1]


def test_ground_truth_is_counted_as_said_or_as_in_training(
    shapes_root, small_config, tmp_path, capsys
):
    def boxes(way="auto", checkpoint=None, split="test"):
        args = options(
            data=shapes_root, split=split, annotations=None, voc_corners=way,
            checkpoint=checkpoint, detections=tmp_path / "comp4",
        )  # fmt: skip
        found = sources.ground_truth(args)
        told = capsys.readouterr().out
        (line,) = (line for line in told.splitlines() if line.startswith("corners"))
        return found.records[0].ground_truth.boxes[0].tolist(), line

    for split in ("test", None):
        own, line = boxes(split=split)
        assert "1-inclusive, as resdet writes them" in line
        shifted = [own[0] + 1, own[1] + 1, *own[2:]]
        assert boxes("0-continuous", split=split)[0] == shifted
        one = ("MODEL.ROI_HEADS.NUM_CLASSES", "1")
        cfg = small_config("DATASETS.VOC_CORNERS", "0-continuous", *one)
        weights = {"w": torch.ones(1)}
        saved = DetectorCheckpoint(weights, cfg, ("cat",), "tv", iteration=0, training={})
        save(tmp_path / "model.pth", saved)
        assert boxes(checkpoint=tmp_path / "model.pth", split=split)[0] == shifted
        assert boxes("1-inclusive", tmp_path / "model.pth", split)[0] == own


STEMS = ("b_1", "a.2", "dog")
_BOX = (
    "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>1</ymin><xmax>{}</xmax><ymax>20</ymax>"
    "</bndbox></object>"
)
_CVAT_BOX = '<box label="{}" xtl="{}" ytl="0" xbr="{}" ybr="20" occluded="0"/>'


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """The same three images and six objects in VOC's form, COCO's, YOLO's and CVAT's."""
    root = tmp_path_factory.mktemp("forms")
    for folder in ("voc/Annotations", "voc/ImageSets/Main", "voc/JPEGImages", "cvat"):
        (root / folder).mkdir(parents=True)
    (root / "voc/ImageSets/Main/test.txt").write_text("\n".join(STEMS))
    dump = ""
    for at, stem in enumerate(STEMS):
        picture = np.full((50, 60, 3), 40 * at, np.uint8)
        cv2.imwrite(str(root / f"voc/JPEGImages/{stem}.jpg"), picture)
        objects = "".join(_BOX.format(name, 12 * at + 1, 12 * at + 20) for name in CLASSES)
        size = "<size><width>60</width><height>50</height></size>"
        xml = root / f"voc/Annotations/{stem}.xml"
        xml.write_text(f"<annotation>{size}{objects}</annotation>")
        objects = "".join(_CVAT_BOX.format(name, 12 * at, 12 * at + 20) for name in CLASSES)
        dump += f'<image id="{at}" name="{stem}.jpg" width="60" height="50">{objects}</image>'
    shutil.copytree(root / "voc/JPEGImages", root / "cvat/images")
    labels = "".join(f"<label><name>{name}</name></label>" for name in CLASSES)
    task = f"<meta><task><labels>{labels}</labels></task></meta>"
    whole = f"<annotations><version>1.1</version>{task}{dump}</annotations>"
    (root / "cvat/annotations.xml").write_text(whole)
    for form in ("coco", "yolo"):
        convert(discover(root / "voc"), root / form, form)
    return root


def found(ids, folder, comp4=False):
    """Detections: IoU 1, 14 / 26 and 8 / 32 for each class, and three cats where nothing is."""
    images = []
    for at, image_id in enumerate(ids):
        left = (0, 18, 36)[at]
        boxes = np.array([[left, 0, left + 20, 20]] * 2 + [[9, 30, 30, 45]], np.float64)
        scores = np.array([0.9 - at / 10, 0.9 - at / 10, 0.85])
        images.append(Detections(image_id, boxes, [0, 1, 0], scores))
    if comp4:
        write_comp4(folder, images, CLASSES)
    else:
        folder.write_text(json.dumps(to_coco_results(images, (1, 2), CLASSES)))
    return folder


@pytest.mark.parametrize("command", [eval_voc, eval_coco], ids=lambda c: c.__name__[-8:])
@pytest.mark.parametrize("form", ["voc", "coco", "yolo", "cvat", "json"])
def test_any_detections_against_any_truth(form, command, forms, tmp_path):
    annotations = forms / "coco/annotations/instances_test.json"
    id_of = {i["file_name"]: i["id"] for i in json.loads(annotations.read_text())["images"]}
    files = [f"{stem}.jpg" for stem in STEMS]
    numbers = [id_of[file] for file in files]
    given = [found(STEMS, tmp_path / "comp4", comp4=True), found(STEMS, tmp_path / "stem.json")]
    given.append(found(files, tmp_path / "file.json"))
    by_id = [found(numbers, tmp_path / "4", comp4=True), found(numbers, tmp_path / "id.json")]
    truth = ["--annotations", annotations] if form == "json" else ["--data", forms / form]
    numbers = []

    def score(detections):
        options = [*truth, "--detections", detections, "--json", tmp_path / "r.json"]
        command.main([str(word) for word in options])
        result = json.loads((tmp_path / "r.json").read_text())
        return result["mAP"]["0.50"] if command is eval_voc else result["AP"]

    if form in ("coco", "json"):
        given += by_id
    else:  # these forms have no such ids
        for detections in by_id:
            with pytest.raises(ValueError, match="got 3 unknown .* where the data has 3"):
                score(detections)
    # precisions up to recalls 1/3 and 2/3: dog 1 and 1, cat 1 and 2/5; above IoU 0.5, 1 and 0
    coco = ((67 + 34 + 33 * 0.4) / 2 + 9 * 34) / 1010
    expected = (2 / 3 + 1 / 3 + 0.4 / 3) / 2 if command is eval_voc else coco
    assert [score(one) for one in given] == pytest.approx([expected] * len(given), abs=1e-12)


def test_annotations_without_pictures_are_scored(forms, tmp_path, capsys):
    detections = found(STEMS, tmp_path / "comp4", comp4=True)
    shutil.copytree(forms / "voc/Annotations", tmp_path / "xml")
    shutil.copytree(forms / "voc/Annotations", tmp_path / "kit/mine/Annotations")
    lists = tmp_path / "kit/mine/ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "test.txt").write_text("b_1\ndog\na.2\n")
    (lists / "train.txt").write_text("a.2\n")
    for data, split in (("xml", "all"), ("kit", "test"), ("kit/mine", "test")):
        for command in (eval_voc, eval_coco):
            command.main(["--data", str(tmp_path / data), "--detections", str(detections)])
            assert f"to score {split}\nmeasured on 3 images, 6 obj" in capsys.readouterr().out
    (lists / "test.txt").rename(lists / "night.txt")
    (lists / "train.txt").rename(lists / "day.txt")
    with pytest.raises(ValueError, match="--split must be given for .* whose splits are day, nig"):
        eval_voc.main(["--data", str(tmp_path / "kit"), "--detections", str(detections)])
    with pytest.raises(ValueError, match="got 3 XML, no images"):
        eval_voc.main(["--data", str(tmp_path / "xml"), "--checkpoint", "none.pth"])
