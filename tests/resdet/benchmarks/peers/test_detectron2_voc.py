"""By its conventions, our VOC numbers are those of detectron2's own evaluator."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("detectron2")

from resdet.benchmarks.peers.detectron2_voc import evaluate_with_detectron2
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.voc import THRESHOLDS, benchmark_voc, largest_difference
from resdet.data.voc.reader import load_voc
from resdet.evaluation import DetectionTable, ground_truth_by_id, match_voc, score_voc
from resdet.evaluation.rules import DETECTRON2, Rules
from resdet.structures.records import Detections

pytestmark = pytest.mark.detectron2

KEYS = tuple(f"{t:.2f}" for t in THRESHOLDS)
NAMES = ("cat", "dog", "nowhere")


def ours(root: Path, table: DetectionTable, names=NAMES, rules=DETECTRON2):
    data = load_voc(root, "test", class_names=names, images=False)
    truth = ground_truth_by_id(data.records)
    matches = match_voc(truth, table, names, thresholds=THRESHOLDS, rules=rules)
    metrics = ("11point", "area")
    return {"per_class": {m: score_voc(matches, m)["per_class"] for m in metrics}}


@pytest.mark.parametrize("seed", range(3))
def test_every_ap_is_detectron2s(tmp_path, seed):
    # 40 images of 1 to 9 objects; 4,000 detections, thus many equal scores of three decimals
    table = make_voc(tmp_path, num_images=40, num_detections=4000, class_names=NAMES[:2], seed=seed)
    theirs = evaluate_with_detectron2(tmp_path, "test", table, NAMES[:2])
    mine = ours(tmp_path, table, NAMES[:2])
    assert largest_difference(mine, theirs) < 1e-12
    values = [ap for aps in mine["per_class"]["area"].values() for ap in aps.values()]
    assert 0.02 < min(values) < max(values) < 0.98  # there is something to tell apart
    area = {key: np.mean([aps[key] for aps in mine["per_class"]["area"].values()]) for key in KEYS}
    assert theirs["results"]["AP"] == pytest.approx(100 * np.mean(list(area.values())), abs=1e-9)


@pytest.mark.parametrize(
    "rules",
    [
        Rules("voc", "ge", "numpy", "numpy", 3, 1),
        Rules("voc", "gt", "stable", "numpy", 3, 1),
        Rules("voc", "gt", "numpy", "tenths", 3, 1),
        Rules("voc", "gt", "numpy", "numpy", None, 1),
        Rules("voc", "gt", "numpy", "numpy", 3, None),
    ],
    ids=["iou", "ties", "recall", "score_decimals", "box_decimals"],
)
def test_each_convention_counts(tmp_path, rules):
    # halves of objects give an IoU of 1/2; difficult objects aside, ten objects of a class
    table = make_voc(tmp_path, num_images=40, num_detections=4000, class_names=NAMES[:1], seed=1)
    keep_ten_objects(tmp_path)
    theirs = evaluate_with_detectron2(tmp_path, "test", table, NAMES[:1])
    assert largest_difference(ours(tmp_path, table, NAMES[:1]), theirs) < 1e-12
    assert largest_difference(ours(tmp_path, table, NAMES[:1], rules), theirs) > 1e-6


def keep_ten_objects(root: Path) -> None:
    """All others become difficult: 3 of 10 is where the recalls of two rules differ."""
    left = 10
    for path in sorted((root / "Annotations").iterdir()):
        before, *objects = path.read_text().split("<difficult>0")
        text = before
        for rest in objects:
            text += ("<difficult>0" if left > 0 else "<difficult>1") + rest
            left -= 1
        path.write_text(text)


def test_classes_without_objects_or_detections(tmp_path):
    make_voc(tmp_path, num_images=3, num_detections=9, class_names=("cat", "dog"), seed=0)
    table = DetectionTable.of(
        [Detections("000001", [[0, 0, 9, 9]], [2], np.array([0.5]))]  # of a class without objects
    )
    theirs = evaluate_with_detectron2(tmp_path, "test", table, NAMES)
    mine = ours(tmp_path, table)
    assert largest_difference(mine, theirs) == 0
    assert set(mine["per_class"]["area"]["cat"].values()) == {0.0}
    assert set(mine["per_class"]["area"]["nowhere"].values()) == {None}
    assert all(np.isnan(ap) for ap in theirs["per_class"]["area"]["nowhere"].values())


def test_the_benchmark_measures_both(tmp_path):
    result = benchmark_voc(tmp_path, images=12, detections=600, runs=2)
    assert result["max_difference"] < 1e-12
    assert result["ratio"] == result["detectron2_seconds"] / result["seconds"]
    assert result["cpu_ratio"] > 1
    assert result["detectron2_peak_megabytes"] > 0


@pytest.mark.slow
def test_at_full_size(tmp_path):
    result = benchmark_voc(tmp_path)
    assert result["max_difference"] < 1e-9
    assert result["peak_megabytes"] < 1500
    assert result["ratio"] > 25
