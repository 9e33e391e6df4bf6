"""What is scored and against what: image ids, pictures and boxes on their way through."""

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from resdet.checkpoints.checkpoint import DetectorCheckpoint, save
from resdet.commands import sources
from resdet.detector.extras.extras import Extras
from resdet.evaluation import DetectionTable, write_comp4
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
    fast = {"precision": "fp32", "compile": False, "batch": 1}
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

        def predict_records(self, records):
            return iter(())

    monkeypatch.setattr(
        "resdet.detector.inference.load_detector", lambda *a, **k: Detector(), raising=False
    )
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
