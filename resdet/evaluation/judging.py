"""How a dataset is to be scored: by whose rules, with which corners, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backbones.terminal.wording import count
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.localisation import evaluate_localisation
from resdet.evaluation.rules import IMAGENET, VOC_RULES, Rules
from resdet.structures.corners import is_inclusive
from resdet.structures.records import Dataset, GroundTruth, ImageId


def own_rules(dataset: Dataset) -> Rules:
    """Those of VOC's form that its makers score it by; the devkit's where these ask for no AP."""
    return on_data(dataset, VOC_RULES.get(dataset.judged_by, VOC_RULES["devkit"]))


def on_data(dataset: Dataset, rules: Rules) -> Rules:
    """The rules for corners as the files count them: inclusive ones hold the one of `plus_one`."""
    inclusive = dataset.corners is not None and is_inclusive(dataset.corners.way)
    return replace(rules, plus_one=rules.plus_one and not inclusive)


def asked_of(
    dataset: Dataset, truth: Mapping[ImageId, GroundTruth], table: DetectionTable
) -> tuple[dict[ImageId, GroundTruth], DetectionTable]:
    """Objects and detections without those of pairs that are left out: neither right nor wrong."""
    left_out = dataset.left_out
    if not left_out:
        return dict(truth), table
    asked = dict(truth)
    for image_id in {image_id for image_id, _ in left_out} & truth.keys():
        one = truth[image_id]
        kept = [(image_id, label) not in left_out for label in one.labels.tolist()]
        fields = {name: column[kept] for name, column in vars(one).items()}
        asked[image_id] = GroundTruth(**fields)
    pairs = zip(table.images.tolist(), table.labels.tolist(), strict=True)
    rows = np.array([(table.image_ids[at], label) not in left_out for at, label in pairs], bool)
    columns = {name: getattr(table, name)[rows] for name in ("images", "boxes", "labels", "scores")}
    return asked, replace(table, **columns)


def localisation_of(
    dataset: Dataset, truth: Mapping[ImageId, GroundTruth], table: DetectionTable
) -> dict[str, Any]:
    """`evaluate_localisation` of CLS-LOC's form.

    Raises: as it does.
    """
    plus_one = on_data(dataset, IMAGENET).plus_one
    return evaluate_localisation(truth, table, left_out=dataset.left_out, plus_one=plus_one)


def told_left_out(dataset: Dataset) -> list[str]:
    """A line on what is not asked for, or none."""
    pairs = count(len(dataset.left_out), "pair")
    by = "of image and class, by the devkit's blacklist"
    return [f"left out: {pairs} {by}"] if dataset.left_out else []
