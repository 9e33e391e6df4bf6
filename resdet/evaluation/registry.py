"""Metrics by name: ours, and those that `register_metric` has added."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backbones.plugins import HINT, Registry
from backbones.terminal.wording import nearest
from resdet.evaluation.ranking import Ranking

AveragePrecision = Callable[[Ranking], float]

VOC_METRICS = ("11point", "area")
OWN_METRICS = (*VOC_METRICS, "101point")
BOTH = "both"  # of VOC's, on the command line
METRICS: Registry[AveragePrecision] = Registry("the name of a metric", (*OWN_METRICS, BOTH))


def register_metric(name: str, average_precision: AveragePrecision) -> None:
    """Make `average_precision` the AP of a class in `eval-voc --metric <name>`.

    Raises: ValueError if the name is taken.
    """
    METRICS.register(name, average_precision)


def known_metrics(own: Sequence[str] = OWN_METRICS) -> tuple[str, ...]:
    """Those of ours that are asked for, and all that plugins have added."""
    return (*own, *METRICS.names())


def added_metric(
    name: str, own: Sequence[str] = OWN_METRICS, what: str = "metric"
) -> AveragePrecision:
    """The function that a plugin has added by that name.

    Raises: ValueError listing `own` and what plugins have added, where there is none.
    """
    added = METRICS.get(name)
    if added is None:
        known = known_metrics(own)
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ValueError(f"{what} must be {listed}, got {name!r}{nearest(name, known) or HINT}")
    return added


def check_metric(name: str, own: Sequence[str] = OWN_METRICS, what: str = "metric") -> None:
    """Raises: ValueError as `added_metric`, for what is neither in `own` nor added."""
    if name not in own:
        added_metric(name, own, what)
