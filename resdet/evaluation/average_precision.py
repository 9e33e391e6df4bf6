"""Average precision of a class: a metric, ours or an added one, is a function of its Ranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from resdet.evaluation.ranking import Ranking, Recall
from resdet.evaluation.registry import AveragePrecision, added_metric
from resdet.structures.records import BoolArray

ELEVEN = np.arange(0.0, 1.1, 0.1)  # as detectron2 has them: the fourth is 0.30000000000000004
HUNDRED_AND_ONE = np.linspace(0.0, 1.0, 101)  # as pycocotools has them

_TITLES = {"11point": "11-point", "101point": "101-point"}
_ROUNDING = 1e-9  # by which a sum of shares may be above 1


def eleven_points(ranking: Ranking) -> float:
    """The mean precision at recalls 0, 0.1, ..., 1.

    By the rule "exact" the recalls are k / 10, so that 3 of 10 reaches 0.3; by "float", as the
    devkit's code and detectron2 have it, they are rounded sums, and each point that rounding
    decides moves the AP of a class by up to 1/11. Other metrics have no such points.

    Source: VOC2007 devkit section 3.4.1.
    Deviation: "exact" is the devkit's text, which asks for the eleven recalls themselves.
    """
    points = ELEVEN if ranking.rule == "float" else np.arange(11) / 10
    return float(ranking.precision_at(points).mean())


def area(ranking: Ranking) -> float:
    """The area below precision over recall: each object found adds 1 / positives to the recall.

    Source: VOC2010 devkit section 3.4.1.
    """
    gained = np.diff(ranking.found, prepend=0)
    return float((gained * ranking.precision).sum() / ranking.positives)


def hundred_and_one_points(ranking: Ranking) -> float:
    """The mean precision at recalls 0, 0.01, ..., 1; pycocotools' to the bit.

    Source: pycocotools' cocoeval.py.
    """
    theirs = replace(ranking, seen=ranking.seen + np.spacing(1))
    return float(theirs.precision_at(HUNDRED_AND_ONE).mean())


OWN: Mapping[str, AveragePrecision] = {
    "11point": eleven_points,
    "area": area,
    "101point": hundred_and_one_points,
}


def average_precision(
    hits: BoolArray, num_positives: int, metric: str, recall: Recall = "exact"
) -> float | None:
    """AP of one class by a metric of ours or an added one; None where there is nothing to find.

    Shape: hits (N,), True for a true positive, by falling score, ignored ones left out.
    Raises: as `ranking_ap`.
    """
    if num_positives == 0:
        return None
    return ranking_ap(Ranking.of(hits, num_positives, recall), metric)


def ranking_ap(ranking: Ranking, metric: str) -> float:
    """AP of what is counted already.

    Raises: ValueError for a metric that does not exist, or an added one that gives no fraction.
    """
    if own := OWN.get(metric):
        return own(ranking)
    function = added_metric(metric)
    try:
        value = float(function(ranking))
    except Exception as error:  # whatever the code of others raises
        raise ValueError(
            f"metric {metric} must give a fraction, got {type(error).__name__}: {error} "
            f"({len(ranking.found)} true positives of {ranking.positives} objects); "
            "mend its function"
        ) from error
    if not 0 <= value <= 1 + _ROUNDING:
        raise ValueError(f"metric {metric} must give a fraction, got {value}; mend its function")
    return value


def metric_title(metric: str) -> str:
    """The name for people: "11point" -> "11-point"."""
    return _TITLES.get(metric, metric)


def mean_known(values: Iterable[float | None]) -> float | None:
    """The mean over the values that are defined; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def threshold_key(threshold: float) -> str:
    """0.5 -> "0.50"; more digits only where two would not name it."""
    key = f"{threshold:.2f}"
    return key if float(key) == threshold else repr(float(threshold))
