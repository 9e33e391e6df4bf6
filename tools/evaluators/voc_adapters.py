"""Tools of VOC's kind, and those of either; see `adapters.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from columns import TWELVE, Numbers, Results, Truth, column_of, corners_of, entries_of, labels_of


def detectron2(truth: Truth, results: Results) -> Numbers:
    import tempfile

    from detectron2.evaluation.pascal_voc_evaluation import voc_eval

    names = {category["id"]: category["name"] for category in truth["categories"]}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "list.txt").write_text("".join(f"{i['id']}\n" for i in truth["images"]))
        for image in truth["images"]:
            objects = entries_of(truth["annotations"], image)
            (root / f"{image['id']}.xml").write_text(_voc_xml(objects, names))
        for number, name in names.items():
            lines = [
                f"{entry['image_id']} {entry['score']:.3f} " + " ".join(f"{v:.1f}" for v in corners)
                for entry in results
                if entry["category_id"] == number
                for corners in (corners_of([entry])[0] + [1, 1, 0, 0],)
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
    for entry, corners in zip(objects, np.add(corners_of(objects), [1, 1, 0, 0])):
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
            for entry, corners in zip(entries, corners_of(entries).tolist())
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
        objects, found = entries_of(truth["annotations"], image), entries_of(results, image)
        names = [np.array([[place[e["category_id"]]] for e in side]) for side in (found, objects)]
        names = [column.reshape(-1, 1) for column in names]
        flags = np.zeros((len(objects), 2))
        scores = column_of(found, "score")[:, None]
        metric.add(
            np.hstack([corners_of(found), names[0], scores]),
            np.hstack([corners_of(objects), names[1], flags]),
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
            {"boxes": (corners_of(entries) + shift).tolist(), "labels": labels_of(entries).tolist()}
        )
    sides[1]["scores"] = column_of(results, "score").tolist()
    return {"area": float(calculate_map(*sides, 0.5))}


def kornia(truth: Truth, results: Results) -> Numbers:
    import torch
    from kornia.metrics import mean_average_precision as measured

    sides = [
        [entries_of(entries, image) for image in truth["images"]]
        for entries in (truth["annotations"], results)
    ]
    boxes, labels = (
        [[torch.tensor(made(entries)) for entries in side] for side in sides]
        for made in (corners_of, labels_of)
    )
    scores = [torch.tensor(column_of(entries, "score")) for entries in sides[1]]
    classes = len(truth["categories"]) + 1
    value, _ = measured(boxes[1], labels[1], scores, boxes[0], labels[0], classes, 0.5)
    return {"11point": float(value)}


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
        rows = entries_of(results, image)
        scored = np.hstack([corners_of(rows), column_of(rows, "score")[:, None]])
        found.append([scored[labels_of(rows) == number] for number in classes])
        entries = entries_of(truth["annotations"], image)
        excused = [bool(entry["iscrowd"] or entry.get("ignore", 0)) for entry in entries]
        sides = [[e for e, x in zip(entries, excused) if x is side] for side in (False, True)]
        labels = [np.array([classes.index(e["category_id"]) for e in s], int) for s in sides]
        objects.append(
            {
                "bboxes": corners_of(sides[0]),
                "labels": labels[0],
                "bboxes_ignore": corners_of(sides[1]),
                "labels_ignore": labels[1],
            }
        )
    names = [category["name"] for category in truth["categories"]]
    options = {"dataset": names, "logger": "silent", "use_legacy_coordinate": True}
    return {
        metric: float(eval_map(found, objects, eval_mode=mode, **options)[0])
        for metric, mode in (("11point", "11points"), ("area", "area"))
    }
