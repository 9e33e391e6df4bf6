"""The detections and objects that a result's matches hold."""

from __future__ import annotations

import numpy as np

from resdet.evaluation.comparison.sides import MeasuredRun
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.matches import Matches
from resdet.evaluation.measures import sections
from resdet.evaluation.rules import Rules
from resdet.structures.corners import Corners
from resdet.structures.records import Dataset, GroundTruth, ImageRecord


def holds_all(run: MeasuredRun) -> bool:
    """Whether its matches have all detections as they were: none rounded, none left out."""
    if run.record is None:
        return False
    rules, many = run.record.matches.rules, sections(run.result)[0].get("num_detections")
    whole = rules.score_decimals is None and rules.box_decimals is None
    return whole and rules.ties != "unsorted" and len(run.record.matches) == many


def detections_held(run: MeasuredRun) -> DetectionTable:
    """Those of its matches, which must be there; of equal scores of a class in their order."""
    matches = _matches(run)
    columns = matches.images, matches.boxes, matches.labels, matches.scores
    return DetectionTable(matches.image_ids, *columns)


def objects_held(run: MeasuredRun, corners: str | None) -> Dataset | None:
    """Those of its matches, in VOC's form; None where its rules do not tell which are difficult.

    COCO's matches do not hold the areas that files give, nor which objects are crowds.
    """
    if run.record is None or _hears_otherwise(run.record.matches.rules):
        return None
    matches = _matches(run)
    truth = matches.truth
    order = np.argsort(truth.images, kind="stable")
    parts = np.split(
        order, np.searchsorted(truth.images[order], np.arange(1, len(matches.image_ids)))
    )
    records = tuple(
        ImageRecord(
            image_id,
            run.path,
            0,
            0,
            GroundTruth(truth.boxes[rows], truth.labels[rows], truth.ignored[rows]),
        )
        for image_id, rows in zip(matches.image_ids, parts)
    )
    way = Corners(corners, "") if corners else None
    return Dataset(run.path.stem, "voc", matches.class_names, records, run.path, corners=way)


def _hears_otherwise(rules: Rules) -> bool:
    return rules.kind != "voc" or "count" in (rules.difficult, rules.crowd)


def _matches(run: MeasuredRun) -> Matches:
    assert run.record is not None
    return run.record.matches
