"""Average precision of a class from the verdicts on its detections, by three metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from resdet.structures.records import BoolArray

Metric = Literal["11point", "area", "101point"]
Recall = Literal["exact", "float"]

METRIC_NAMES = {"11point": "11-point", "area": "area", "101point": "101-point"}

ELEVEN = np.arange(0.0, 1.1, 0.1)  # as detectron2 has them: the fourth is 0.30000000000000004
HUNDRED_AND_ONE = np.linspace(0.0, 1.0, 101)  # as pycocotools has them


def average_precision(
    hits: BoolArray, num_positives: int, metric: Metric, recall: Recall = "exact"
) -> float | None:
    """AP of one class; None where there is nothing to find.

    "11point" with "exact" recall asks recall >= k/10 as 10 * TP >= k * positives in integers,
    so that 3 of 10 reaches 0.3; with "float", as the devkit's code and detectron2 do, rounding
    decides there, and each such point moves the AP of a class by up to 1/11. "area" has no such
    points; "101point" is pycocotools' to the bit.

    Shape: hits (N,), True for a true positive, by falling score, ignored ones left out.
    Source: VOC2007 devkit section 3.4.1 (11 points), VOC2010 devkit section 3.4.1 (area);
        pycocotools' cocoeval.py (101 points).
    Deviation: "exact" is the devkit's text, which asks for the eleven recalls themselves.
    """
    if num_positives == 0:
        return None
    found = np.cumsum(hits)
    count = np.arange(1, len(hits) + 1)
    precision = found / (count + np.spacing(1)) if metric == "101point" else found / count
    envelope = np.maximum.accumulate(precision[::-1])[::-1]  # best precision from here on
    if metric == "area":  # each true positive adds 1 / positives to the recall
        return float(envelope[hits].sum() / num_positives)
    if metric == "101point":
        first = np.searchsorted(found / num_positives, HUNDRED_AND_ONE)
    elif recall == "float":
        first = np.searchsorted(found / num_positives, ELEVEN)
    else:
        first = np.searchsorted(10 * found, np.arange(11) * num_positives)
    return float(np.append(envelope, 0.0)[first].mean())


def mean_known(values: Iterable[float | None]) -> float | None:
    """The mean over the values that are defined; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def threshold_key(threshold: float) -> str:
    """0.5 -> "0.50"; more digits only where two would not name it."""
    key = f"{threshold:.2f}"
    return key if float(key) == threshold else repr(float(threshold))
