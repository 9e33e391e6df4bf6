"""Average precision of a class: a metric, ours or an added one, is a function of its Ranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from backbones.terminal.wording import count
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.ranking import Ranking, Recall
from resdet.evaluation.registry import AveragePrecision, added_metric
from resdet.structures.records import BoolArray

HUNDRED_AND_ONE = np.linspace(0.0, 1.0, 101)  # as pycocotools has them
_UP = np.linspace(0.0, 1.0, 11)  # the values of np.arange(0, 1.1, 0.1)
_BY_TORCH = np.float64(np.float32(0.01)) * np.arange(101)  # torch.linspace, before it rounds
_BY_TORCH[50:] = 1 - _BY_TORCH[50::-1]
# the recalls that a metric asks for, its usual ones first. Those that are above k / 10 or k / 100
# by rounding are not reached where exactly that share of the objects is found
GRIDS: Mapping[str, Mapping[Recall, Float64Array]] = {
    "11point": {
        "tenths": np.arange(11) / 10,
        "numpy": _UP,  # 0.3, 0.6 and 0.7 are above
        "matlab": np.where(np.arange(11) < 6, _UP, 1 - _UP[::-1]),  # 0.3 is above
    },
    "101point": {
        "linspace": HUNDRED_AND_ONE,  # ten are above
        "hundredths": np.arange(101) / 100,
        "float32": _BY_TORCH.astype(np.float32).astype(np.float64),  # 36 are above
    },
}
GRID_NAMES: Mapping[Recall, str] = {
    "tenths": "exact tenths",
    "numpy": "NumPy's tenths",
    "matlab": "MATLAB's tenths",
    "linspace": "NumPy's hundredths",
    "hundredths": "exact hundredths",
    "float32": "hundredths of 32 bits",
}

_TITLES = {"11point": "11-point", "101point": "101-point"}
_ROUNDING = 1e-9  # by which a sum of shares may be above 1


def eleven_points(ranking: Ranking) -> float:
    """The mean precision at recalls 0, 0.1, ..., 1.

    By the rule "tenths" 3 of 10 reaches 0.3; not by "numpy", as detectron2 has it, nor by
    "matlab", the devkit's `0:0.1:1`, which MATLAB builds from both its ends. Each point that
    rounding decides moves the AP of a class by up to 1/11.

    Source: VOC2007 devkit section 3.4.1.
    Deviation: "tenths" is the devkit's text, which asks for the eleven recalls themselves.
    """
    return float(ranking.precision_at(grid("11point", ranking.rule)).mean())


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
    return float(theirs.precision_at(grid("101point", ranking.rule)).mean())


OWN: Mapping[str, AveragePrecision] = {
    "11point": eleven_points,
    "area": area,
    "101point": hundred_and_one_points,
}


def grid(metric: str, rule: Recall) -> Float64Array:
    """The recalls that a metric of points asks for; its usual ones where the rule is another's."""
    return GRIDS[metric].get(rule, next(iter(GRIDS[metric].values())))


def average_precision(
    hits: BoolArray, num_positives: int, metric: str, recall: Recall = "tenths"
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
            f"({count(len(ranking.found), 'true positive')} of "
            f"{count(ranking.positives, 'object')}); mend its function"
        ) from error
    if not 0 <= value <= 1 + _ROUNDING:
        raise ValueError(f"metric {metric} must give a fraction, got {value}; mend its function")
    return value


def metric_title(metric: str) -> str:
    """The name for people: "11point" -> "11-point"."""
    return _TITLES.get(metric, metric)


def mean_known(values: Iterable[float | None], empty: float | None = None) -> float | None:
    """The mean over the values that are defined; `empty` where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else empty


def threshold_key(threshold: float) -> str:
    """0.5 -> "0.50"; more digits only where two would not name it."""
    key = f"{threshold:.2f}"
    return key if float(key) == threshold else repr(float(threshold))
