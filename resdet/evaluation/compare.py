"""Two results side by side, and only where they were measured alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from resdet.evaluation.coco import METRICS
from resdet.evaluation.precision import METRIC_NAMES

_METRICS_OF_BOTH = ("11point", "area")


@dataclass(frozen=True)
class Row:
    """One measure of two models; None where it is undefined.

    Unit: fractions. `gain` is other minus baseline.
    """

    name: str
    baseline: float | None
    other: float | None

    @property
    def gain(self) -> float | None:
        """Other minus baseline; None where either is undefined."""
        if self.baseline is None or self.other is None:
            return None
        return self.other - self.baseline

    def to_dict(self) -> dict[str, Any]:
        """Row and gain for JSON."""
        return {**asdict(self), "gain": self.gain}


def compare(
    baseline: Mapping[str, Any],
    other: Mapping[str, Any],
    *,
    names: tuple[str, str] = ("baseline", "other"),
) -> list[Row]:
    """Rows of every measure that the two results of eval_voc or eval_coco hold: means first.

    `names`: what an error calls the two.

    Raises: ValueError naming the one that is no such result, or listing how the conventions
    differ: metric, rule, thresholds, images, classes. Numbers made by different rules are not
    subtracted.
    """
    sides = [_flatten(result, name) for result, name in zip((baseline, other), names)]
    differences = [
        f"{key}: {_short(mine)} against {_short(theirs)}"
        for key in dict.fromkeys([*sides[0][0], *sides[1][0]])
        if (mine := sides[0][0].get(key)) != (theirs := sides[1][0].get(key))
    ]
    if differences:
        raise ValueError(
            "results must be measured alike to be compared, got different "
            f"{'; '.join(differences)}; evaluate both with one command line"
        )
    return [Row(name, value, sides[1][1][name]) for name, value in sides[0][1].items()]


_RULE_SIGNS = {"ge": ">=", "gt": ">"}


def convention(result: Mapping[str, Any]) -> str:
    """What made the numbers: "11-point, IoU >= t, 4952 images"."""
    if "metric" not in result:
        return f"COCO, {result.get('num_images')} images"
    return f"VOC {METRIC_NAMES[result['metric']]}, {rule(result)}"


def rule(result: Mapping[str, Any]) -> str:
    """What every VOC metric of one matching shares: "IoU >= t, 4952 images"."""
    return f"IoU {_RULE_SIGNS[result['iou_rule']]} t, {result['num_images']} images"


def sections(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results in one JSON: two for `--metric both`, otherwise itself."""
    both = [result[key] for key in _METRICS_OF_BOTH if key in result]
    return both or [result]


def _flatten(result: Mapping[str, Any], side: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A result -> its conventions and its numbers by row name."""
    try:
        if not isinstance(result, Mapping):
            raise TypeError(f"a {type(result).__name__} for the object")
        parts = sections(result)
        conventions: dict[str, Any] = {"metrics": [part.get("metric", "COCO") for part in parts]}
        numbers: dict[str, float | None] = {}
        for part in parts:
            voc = "mAP" in part
            tag = f", {part['metric']}" if len(parts) > 1 else ""
            numbers |= _voc_rows(part, tag) if voc else _coco_rows(part)
            conventions["num_images"] = part["num_images"]
            conventions["classes"] = list(part["per_class"])
            conventions["iou_rule"] = part["iou_rule"] if voc else "COCO"
            conventions["thresholds"] = list(part["mAP"]) if voc else "COCO"
    except (KeyError, TypeError, AttributeError) as error:
        fault = f"no {error}" if isinstance(error, KeyError) else error
        raise ValueError(
            f"{side} must be the JSON that eval_voc or eval_coco wrote, got {fault}; "
            "detections are scored by these tools first"
        ) from None
    return conventions, numbers


def _voc_rows(part: Mapping[str, Any], tag: str) -> dict[str, float | None]:
    for key, known in (("metric", METRIC_NAMES), ("iou_rule", _RULE_SIGNS)):
        if part[key] not in known:
            raise TypeError(f"{key} {part[key]!r}, which is none of {', '.join(known)}")
    rows = {f"mAP@{key}{tag}": _fraction(part["mAP"], key) for key in part["mAP"]}
    many = len(part["mAP"]) > 1
    for name, aps in part["per_class"].items():
        rows |= {f"{name}@{k}{tag}" if many else name + tag: _fraction(aps, k) for k in part["mAP"]}
    return rows


def _coco_rows(part: Mapping[str, Any]) -> dict[str, float | None]:
    rows = {name: _fraction(part, name) for name in METRICS}
    return rows | {f"AP-{name}": _fraction(part["per_class"], name) for name in part["per_class"]}


def _fraction(values: Mapping[str, Any], key: str) -> float | None:
    """A number; None where it is undefined, which COCO's twelve say as -1."""
    value = values[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise TypeError(f"{key} {value!r}, which is no number")
    return None if value is None or value < 0 else value


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."
