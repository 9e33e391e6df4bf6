"""eval_voc, eval_coco and visualize with a detector that was really trained, for one step."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.files.json_file import read_json
from resdet import engines
from resdet.data.coco.reader import load_coco
from resdet.data.shapes.draw import SHAPE_CLASSES
from resdet.data.voc.reader import load_voc
from resdet.detector.inference import load_detector
from resdet.evaluation import evaluate_coco, evaluate_voc, ground_truth_by_id
from resdet.evaluation import to_coco_results as as_results
from resdet.training.train import train_detector

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def checkpoint(small_config, folder):
    """One training for the module, run by the first test that asks."""
    if not (folder / "model_final.pth").exists():
        cfg = small_config(
            *("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()"),
            *("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0"),
        )
        train_detector(cfg, engines.load("tv"), "test", folder)
    return folder / "model_final.pth"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name, *argv: importlib.import_module(name).main([str(arg) for arg in argv])


def test_eval_voc(tool, checkpoint, shapes_root, tmp_path):
    data = ["--data", shapes_root, "--split", "test", "--iou", "0.1"]
    tool("eval_voc", "--checkpoint", checkpoint, *data, "--json", tmp_path / "r.json")
    result = read_json(tmp_path / "r.json")
    dataset = load_voc(shapes_root, "test")
    found = list(load_detector(checkpoint).predict_records(dataset.records))
    truth = ground_truth_by_id(dataset.records)
    expected = evaluate_voc(truth, found, dataset.class_names, thresholds=[0.1])
    assert result["num_detections"] == sum(map(len, found)) > 0
    assert result["per_class"] == expected["per_class"]
    assert tuple(result["per_class"]) == SHAPE_CLASSES


def test_eval_coco(tool, checkpoint, shapes_root, tmp_path):
    annotations, images = (
        shapes_root / "annotations/instances_test.json",
        shapes_root / "JPEGImages",
    )
    data = ["--annotations", annotations, "--images", images]
    tool("eval_coco", "--checkpoint", checkpoint, *data, "--json", tmp_path / "r.json")
    result = read_json(tmp_path / "r.json")
    dataset = load_coco(annotations, images)
    found = list(load_detector(checkpoint).predict_records(dataset.records))
    expected = evaluate_coco(annotations, as_results(found, dataset.category_ids))
    assert result["num_images"] == 4
    assert result["num_detections"] == sum(map(len, found)) > 0
    assert {name: result[name] for name in expected} == {**expected, "seconds": result["seconds"]}


def test_visualize(tool, checkpoint, shapes_root, tmp_path):
    source = load_voc(shapes_root, "test").records[0].path
    threshold = ["--threshold", "0"]
    tool(
        "visualize", "--checkpoint", checkpoint, "--input", source, "--output", tmp_path, *threshold
    )
    drawn, plain = cv2.imread(str(tmp_path / source.name)), cv2.imread(str(source))
    assert drawn.shape == plain.shape
    assert np.abs(drawn.astype(int) - plain).max() > 60


def test_data_of_other_classes_is_refused(tool, checkpoint, shapes_root, tmp_path):
    annotations = json.loads((shapes_root / "annotations/instances_test.json").read_text())
    annotations["categories"][0]["name"] = "disc"
    (tmp_path / "gt.json").write_text(json.dumps(annotations))
    text = r"must be those of the data, got \[circle, .*\] for \[disc, .*\]; score a model on"
    with pytest.raises(ValueError, match=text):
        tool(
            "eval_coco",
            *("--checkpoint", checkpoint, "--annotations", tmp_path / "gt.json"),
            *("--images", shapes_root / "JPEGImages"),
        )
    root = tmp_path / "voc"
    root.mkdir()
    for name in ("Annotations", "ImageSets", "JPEGImages"):
        (root / name).symlink_to(shapes_root / name)
    (root / "classes.txt").write_text("\n".join((*SHAPE_CLASSES, "disc")))
    text = r"must be those of the data, got \[circle, .*ring\] for \[circle, .*, ring, disc\]"
    with pytest.raises(ValueError, match=text):
        tool("eval_voc", "--checkpoint", checkpoint, "--data", root, "--split", "test")
