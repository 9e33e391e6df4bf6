"""Each tool as its documentation calls it, a few lines each; run by a Python that has the tool.

usage: python adapters.py TOOL CASES.json NUMBERS.json
Boxes are handed over as the file's corners, images in the order of their ids. Imports nothing of
the project, whose requirements a tool's environment lacks.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Truth, Results, Numbers = dict[str, Any], list[dict[str, Any]], dict[str, float]
TWELVE = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def pycocotools(truth: Truth, results: Results, most: tuple[int, ...] = (1, 10, 100)) -> Numbers:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _as_coco(truth, results, COCO, COCOeval, most)


def mmdetection(truth: Truth, results: Results) -> Numbers:
    """Its CocoMetric calls pycocotools with these `proposal_nums`."""
    return pycocotools(truth, results, (100, 300, 1000))


def faster_coco_eval(truth: Truth, results: Results) -> Numbers:
    from faster_coco_eval import COCO, COCOeval_faster

    return _as_coco(truth, results, COCO, COCOeval_faster, (1, 10, 100))


def _as_coco(truth: Truth, results: Results, data: Any, judge: Any, most: Any) -> Numbers:
    side = data()
    side.dataset = truth
    side.createIndex()
    if not results:
        return dict.fromkeys(TWELVE, 0.0)  # loadRes([]) is an IndexError
    evaluator = judge(side, side.loadRes(results), "bbox")
    evaluator.params.maxDets = list(most)
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    return dict(zip(TWELVE, map(float, evaluator.stats)))


def torchmetrics(truth: Truth, results: Results) -> Numbers:
    import torch
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(backend="pycocotools")
    metric.warn_on_many_detections = False
    for image in truth["images"]:
        objects, found = _of_image(truth["annotations"], image), _of_image(results, image)
        target = {
            "boxes": torch.tensor(_corners(objects)),
            "labels": torch.tensor(_labels(objects)),
            "iscrowd": torch.tensor(_column(objects, "iscrowd", np.int64)),
            "area": torch.tensor(_column(objects, "area")),
        }
        predicted = {
            "boxes": torch.tensor(_corners(found)),
            "labels": torch.tensor(_labels(found)),
            "scores": torch.tensor(_column(found, "score")),
        }
        metric.update([predicted], [target])
    told = metric.compute()
    names = "map map_50 map_75 map_small map_medium map_large mar_1 mar_10 mar_100"
    names += " mar_small mar_medium mar_large"
    return {ours: float(told[theirs]) for ours, theirs in zip(TWELVE, names.split())}


def supervision(truth: Truth, results: Results) -> Numbers:
    import supervision as sv
    from supervision.metrics import MeanAveragePrecision

    targets, predictions = [], []
    for image in truth["images"]:
        objects, found = _of_image(truth["annotations"], image), _of_image(results, image)
        flags = {name: _column(objects, name, np.int64) for name in ("iscrowd", "ignore")}
        data = {**flags, "area": _column(objects, "area")} if objects else {}
        labels = _labels(objects)
        targets.append(sv.Detections(xyxy=_corners(objects), class_id=labels, data=data))
        scores = _column(found, "score")
        predictions.append(
            sv.Detections(xyxy=_corners(found), class_id=_labels(found), confidence=scores)
        )
    told = MeanAveragePrecision().update(predictions, targets).compute()
    sizes = [told.small_objects, told.medium_objects, told.large_objects]
    values = [told.map50_95, told.map50, told.map75, *(size.map50_95 for size in sizes)]
    return dict(zip(TWELVE, map(float, values)))


def globox(truth: Truth, results: Results) -> Numbers:
    from globox import Annotation, AnnotationSet, BoundingBox, COCOEvaluator

    sides = []
    for entries in (truth["annotations"], results):
        side = AnnotationSet()
        for image in truth["images"]:
            boxes = [
                BoundingBox.create(
                    label=str(entry["category_id"]),
                    coords=tuple(entry["bbox"]),
                    confidence=entry.get("score"),
                    box_format=_globox_format(),
                )
                for entry in _of_image(entries, image)
            ]
            side.add(Annotation(str(image["id"]), (640, 640), boxes))
        sides.append(side)
    told = COCOEvaluator(ground_truths=sides[0], predictions=sides[1])
    names = "ap ap_50 ap_75 ap_small ap_medium ap_large ar_1 ar_10 ar_100 ar_small ar_medium"
    names += " ar_large"
    return {ours: float(getattr(told, name)()) for ours, name in zip(TWELVE, names.split())}


def _globox_format() -> Any:
    from globox import BoxFormat

    return BoxFormat.LTWH


def tidecv(truth: Truth, results: Results) -> Numbers:
    from tidecv import TIDE, Data

    sides = [Data("truth"), Data("results")]
    for category in truth["categories"]:
        for side in sides:
            side.add_class(category["id"], category["name"])
    for image in truth["images"]:
        for side in sides:
            side.add_image(image["id"], str(image["id"]))
    for entry in truth["annotations"]:
        add = sides[0].add_ignore_region if entry["iscrowd"] else sides[0].add_ground_truth
        add(entry["image_id"], entry["category_id"], list(entry["bbox"]))
    for entry in results:
        ids = entry["image_id"], entry["category_id"]
        sides[1].add_detection(*ids, entry["score"], list(entry["bbox"]))
    tide = TIDE()
    tide.evaluate_range(*sides, mode=TIDE.BOX, name="results")
    aps = [run.ap / 100 for run in tide.run_thresholds["results"]]
    return {"AP": float(np.mean(aps)), "AP50": aps[0], "AP75": aps[5]}


def ultralytics(truth: Truth, results: Results) -> Numbers:
    import torch
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.metrics import ap_per_class, box_iou

    judge = BaseValidator.__new__(BaseValidator)
    judge.iouv = torch.linspace(0.5, 0.95, 10)
    found_true, scores, labels = [np.zeros((0, 10), bool)], [np.zeros(0, np.float32)], [np.zeros(0)]
    for image in truth["images"]:
        objects, found = _of_image(truth["annotations"], image), _of_image(results, image)
        found = sorted(found, key=lambda entry: -entry["score"])[:300]
        if not found:
            continue
        true = np.zeros((len(found), 10), bool)
        if objects:
            overlaps = box_iou(torch.tensor(_corners(objects)), torch.tensor(_corners(found)))
            theirs = torch.tensor(_labels(found)), torch.tensor(_labels(objects))
            true = judge.match_predictions(*theirs, overlaps).numpy()
        found_true.append(true)
        scores.append(_column(found, "score").astype(np.float32))
        labels.append(_labels(found))
    wanted = _labels(truth["annotations"])
    told = ap_per_class(*map(np.concatenate, (found_true, scores, labels)), wanted)
    aps = told[5]
    return {"AP": aps.mean(), "AP50": aps[:, 0].mean(), "AP75": aps[:, 5].mean()}


def detectron2(truth: Truth, results: Results) -> Numbers:
    import tempfile

    from detectron2.evaluation.pascal_voc_evaluation import voc_eval

    names = {category["id"]: category["name"] for category in truth["categories"]}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "list.txt").write_text("".join(f"{i['id']}\n" for i in truth["images"]))
        for image in truth["images"]:
            objects = _of_image(truth["annotations"], image)
            (root / f"{image['id']}.xml").write_text(_voc_xml(objects, names))
        for number, name in names.items():
            lines = [
                f"{entry['image_id']} {entry['score']:.3f} " + " ".join(f"{v:.1f}" for v in corners)
                for entry in results
                if entry["category_id"] == number
                for corners in (_corners([entry])[0] + [1, 1, 0, 0],)
            ]
            (root / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
        paths = f"{folder}/{{}}.txt", f"{folder}/{{}}.xml", f"{folder}/list.txt"
        with np.errstate(invalid="ignore"):
            return {
                metric: float(np.mean([voc_eval(*paths, n, 0.5, old)[2] for n in names.values()]))
                for metric, old in (("11point", True), ("area", False))
            }


def _voc_xml(objects: Results, names: dict[int, str]) -> str:
    made = []
    for entry, corners in zip(objects, np.add(_corners(objects), [1, 1, 0, 0])):
        box = "".join(
            f"<{side}>{int(value)}</{side}>"
            for side, value in zip(("xmin", "ymin", "xmax", "ymax"), corners)
        )
        flag = int(entry["iscrowd"] or entry.get("ignore", 0))
        made.append(
            f"<object><name>{names[entry['category_id']]}</name><pose>x</pose><truncated>0"
            f"</truncated><difficult>{flag}</difficult><bndbox>{box}</bndbox></object>"
        )
    return f"<annotation>{''.join(made)}</annotation>"


def podm(truth: Truth, results: Results) -> Numbers:
    from podm.metrics import BoundingBox, MethodAveragePrecision, MetricPerClass
    from podm.metrics import get_pascal_voc_metrics as measured

    sides = [
        [
            BoundingBox.of_bbox(entry["image_id"], entry["category_id"], *corners, score)
            for entry, corners in zip(entries, _corners(entries).tolist())
            for score in [entry.get("score")]
        ]
        for entries in (truth["annotations"], results)
    ]
    methods = MethodAveragePrecision
    return {
        name: float(MetricPerClass.mAP(measured(*sides, 0.5, method)))
        for name, method in (
            ("11point", methods.ElevenPointsInterpolation),
            ("area", methods.AllPointsInterpolation),
        )
    }


def review_coco(truth: Truth, results: Results) -> Numbers:
    sides = _of_review(truth, results)
    from src.evaluators.coco_evaluator import get_coco_summary

    names = "AP AP50 AP75 APsmall APmedium APlarge AR1 AR10 AR100 ARsmall ARmedium ARlarge"
    told = get_coco_summary(*sides)
    return {ours: float(told[theirs]) for ours, theirs in zip(TWELVE, names.split())}


def review_voc(truth: Truth, results: Results) -> Numbers:
    sides = _of_review(truth, results)
    from src.evaluators.pascal_voc_evaluator import get_pascalvoc_metrics as measured
    from src.utils.enumerators import MethodAveragePrecision as Methods

    return {
        name: float(measured(*sides, 0.5, method)["mAP"])
        for name, method in (
            ("11point", Methods.ELEVEN_POINT_INTERPOLATION),
            ("area", Methods.EVERY_POINT_INTERPOLATION),
        )
    }


def _of_review(truth: Truth, results: Results) -> list[Any]:
    """Of a checkout on PYTHONPATH; its windows are not opened."""
    from unittest.mock import MagicMock

    sys.modules["PyQt5"] = MagicMock()
    from src.bounding_box import BoundingBox
    from src.utils.enumerators import BBType

    kinds = BBType.GROUND_TRUTH, BBType.DETECTED
    return [
        [
            BoundingBox(
                str(entry["image_id"]),
                str(entry["category_id"]),
                tuple(entry["bbox"]),
                bb_type=kind,
                confidence=entry.get("score"),
            )
            for entry in entries
        ]
        for kind, entries in zip(kinds, (truth["annotations"], results))
    ]


def mean_average_precision(truth: Truth, results: Results) -> Numbers:
    from mean_average_precision import MetricBuilder

    place = {category["id"]: k for k, category in enumerate(truth["categories"])}
    metric = MetricBuilder.build_evaluation_metric("map_2d", num_classes=len(place))
    for image in truth["images"]:
        objects, found = _of_image(truth["annotations"], image), _of_image(results, image)
        names = [np.array([[place[e["category_id"]]] for e in side]) for side in (found, objects)]
        names = [column.reshape(-1, 1) for column in names]
        flags = np.zeros((len(objects), 2))
        scores = _column(found, "score")[:, None]
        metric.add(
            np.hstack([_corners(found), names[0], scores]),
            np.hstack([_corners(objects), names[1], flags]),
        )
    eleven = np.arange(0.0, 1.1, 0.1)
    return {
        "11point": float(metric.value(iou_thresholds=0.5, recall_thresholds=eleven)["mAP"]),
        "area": float(metric.value(iou_thresholds=0.5)["mAP"]),
    }


def mapcalc(truth: Truth, results: Results) -> Numbers:
    """It knows one picture: those of a set stand side by side in it."""
    from mapcalc import calculate_map

    sides = []
    for entries in (truth["annotations"], results):
        shift = np.array([[1e4 * entry["image_id"], 0] * 2 for entry in entries]).reshape(-1, 4)
        sides.append(
            {"boxes": (_corners(entries) + shift).tolist(), "labels": _labels(entries).tolist()}
        )
    sides[1]["scores"] = _column(results, "score").tolist()
    return {"area": float(calculate_map(*sides, 0.5))}


def kornia(truth: Truth, results: Results) -> Numbers:
    import torch
    from kornia.metrics import mean_average_precision as measured

    sides = [
        [_of_image(entries, image) for image in truth["images"]]
        for entries in (truth["annotations"], results)
    ]
    boxes, labels = (
        [[torch.tensor(made(entries)) for entries in side] for side in sides]
        for made in (_corners, _labels)
    )
    scores = [torch.tensor(_column(entries, "score")) for entries in sides[1]]
    classes = len(truth["categories"]) + 1
    value, _ = measured(boxes[1], labels[1], scores, boxes[0], labels[0], classes, 0.5)
    return {"11point": float(value)}


def fiftyone(truth: Truth, results: Results) -> Numbers:
    """What its evaluate_detections computes, of labels in memory: its database is not started."""
    from unittest.mock import MagicMock

    import fiftyone.utils.eval.coco as judge
    from fiftyone import Detection, Detections

    samples = []
    for image in truth["images"]:
        sample = {}
        for field, entries in (("truth", truth["annotations"]), ("found", results)):
            sample[field] = Detections(
                detections=[
                    Detection(
                        label=str(entry["category_id"]),
                        bounding_box=[side / 1024 for side in entry["bbox"]],  # loses no bit
                        confidence=entry.get("score"),
                        iscrowd=entry.get("iscrowd", 0),
                    )
                    for entry in _of_image(entries, image)
                ]
            )
        samples.append(sample)
    view = MagicMock()
    view.select_fields.return_value = view
    view._handle_frame_field.side_effect = lambda field: (field, False)
    view.iter_samples.return_value = samples
    config = judge.COCOEvaluationConfig("found", "truth", 0.5, True, compute_mAP=True)
    precision = judge._compute_pr_curves(view, config)[0]

    def mean(values: Any) -> float:
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    return {"AP": mean(precision), "AP50": mean(precision[0]), "AP75": mean(precision[5])}


def keras_cv(truth: Truth, results: Results) -> Numbers:
    import os

    os.environ["KERAS_BACKEND"] = "tensorflow"
    from keras_cv.metrics import BoxCOCOMetrics

    sides = []
    for entries in (truth["annotations"], results):
        of_images = [_of_image(entries, image) for image in truth["images"]]
        most = max(1, *map(len, of_images))
        shape = len(of_images), most
        side = {
            "boxes": np.zeros((*shape, 4), np.float32),
            "classes": np.full(shape, -1, np.float32),
            "confidence": np.zeros(shape, np.float32),
        }
        for row, of_image in enumerate(of_images):
            many = len(of_image)
            side["boxes"][row, :many] = [entry["bbox"] for entry in of_image] or np.zeros((0, 4))
            side["classes"][row, :many] = _labels(of_image)
            side["confidence"][row, :many] = _column(of_image, "score")
        sides.append(side)
    metric = BoxCOCOMetrics("xywh", evaluate_freq=1000)
    metric.update_state(*sides)
    told = metric.result(force=True)
    return dict(zip(TWELVE, map(float, told.values())))


def mmdetection_voc(truth: Truth, results: Results) -> Numbers:
    """What its VOCMetric calls, of mmdet without mmcv, whose compiled part that does not need."""
    import importlib
    import importlib.util
    from types import ModuleType

    if "mmdet" not in sys.modules:
        root = Path(importlib.util.find_spec("mmdet").origin).parent
        for name in ("mmdet", "mmdet.evaluation", "mmdet.evaluation.functional"):
            sys.modules[name] = package = ModuleType(name)
            package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
    eval_map = importlib.import_module("mmdet.evaluation.functional.mean_ap").eval_map
    classes = [category["id"] for category in truth["categories"]]
    found, objects = [], []
    for image in truth["images"]:
        rows = _of_image(results, image)
        scored = np.hstack([_corners(rows), _column(rows, "score")[:, None]])
        found.append([scored[_labels(rows) == number] for number in classes])
        entries = _of_image(truth["annotations"], image)
        excused = [bool(entry["iscrowd"] or entry.get("ignore", 0)) for entry in entries]
        sides = [[e for e, x in zip(entries, excused) if x is side] for side in (False, True)]
        labels = [np.array([classes.index(e["category_id"]) for e in s], int) for s in sides]
        objects.append(
            {
                "bboxes": _corners(sides[0]),
                "labels": labels[0],
                "bboxes_ignore": _corners(sides[1]),
                "labels_ignore": labels[1],
            }
        )
    names = [category["name"] for category in truth["categories"]]
    options = {"dataset": names, "logger": "silent", "use_legacy_coordinate": True}
    return {
        metric: float(eval_map(found, objects, eval_mode=mode, **options)[0])
        for metric, mode in (("11point", "11points"), ("area", "area"))
    }


def _of_image(entries: Any, image: dict[str, Any]) -> Any:
    return [entry for entry in entries if entry["image_id"] == image["id"]]


def _corners(entries: Any) -> Any:
    boxes = np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4)
    return np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])


def _labels(entries: Any) -> Any:
    return _column(entries, "category_id", np.int64)


def _column(entries: Any, key: str, kind: Any = np.float64) -> Any:
    return np.array([entry.get(key, 0) for entry in entries], kind)


TOOLS: dict[str, Callable[[Truth, Results], Numbers]] = {
    "pycocotools": pycocotools,
    "mmdetection_coco": mmdetection,
    "faster-coco-eval": faster_coco_eval,
    "torchmetrics": torchmetrics,
    "supervision": supervision,
    "globox": globox,
    "tidecv": tidecv,
    "ultralytics": ultralytics,
    "detectron2": detectron2,
    "podm": podm,
    "review_object_detection_metrics_coco": review_coco,
    "review_object_detection_metrics_voc": review_voc,
    "mean-average-precision": mean_average_precision,
    "mapcalc": mapcalc,
    "kornia": kornia,
    "fiftyone": fiftyone,
    "keras_cv": keras_cv,
    "mmdetection_voc": mmdetection_voc,
}


def main(tool: str, cases: str, numbers: str) -> None:
    made = []
    for case in json.loads(Path(cases).read_text()):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                told = TOOLS[tool](copy.deepcopy(case["truth"]), copy.deepcopy(case["results"]))
            made.append({name: None if np.isnan(v) else float(v) for name, v in told.items()})
        except Exception as error:
            made.append(f"{type(error).__name__}: {error}"[:200])
    Path(numbers).write_text(json.dumps(made))


if __name__ == "__main__":
    main(*sys.argv[1:])
