"""What a result of eval_voc or eval_coco measured, by which conventions, and whether two agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backbones.plugins import HINT
from backbones.terminal.wording import count
from resdet.evaluation.average_precision import GRID_NAMES, metric_title
from resdet.evaluation.coco.score import TWELVE
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.ranking import FORMERLY
from resdet.evaluation.registry import VOC_METRICS, known_metrics
from resdet.evaluation.rules import Rules

_RULE_SIGNS = {"ge": ">=", "gt": ">"}
# of the rules' choices, those that are not the devkit's
_UNUSUAL: Mapping[tuple[str, object], str] = {
    ("ties", "numpy"): "equal scores in NumPy's order",
    ("leeway", 10): "lower for small objects",
    ("met", "free"): "of objects that are free",
    **{("recall", name): GRID_NAMES[name] for name in ("numpy", "matlab")},
}
_COCO_THRESHOLDS = {"AP": None, "AP50": "0.50", "AP75": "0.75"}


@dataclass(frozen=True)
class Measure:
    """One number of a result; `detail` is for the JSON, not for the table.

    `metric` is None where matches do not hold it (COCO's recalls and sizes), `class_index` for
    a mean over classes, `threshold` for a mean over thresholds. `of_both`: the result has the
    same by another metric.
    """

    name: str
    metric: str | None = None
    class_index: int | None = None
    threshold: str | None = None
    detail: bool = False
    of_both: bool = False

    @property
    def key(self) -> str:
        """The name in JSON, with the metric's word of the command line: "mAP@0.50, 11point"."""
        return f"{self.name}, {self.metric}" if self.of_both else self.name

    @property
    def printed(self) -> str:
        """The name for people: "mAP@0.50, 11-point"."""
        if self.of_both and self.metric:
            return f"{self.name}, {metric_title(self.metric)}"
        return self.name

    def of(self, aps: Float64Array, keys: Sequence[str]) -> Float64Array:
        """The measure from the AP of classes at thresholds `keys`; NaN where none is known.

        Shape: aps (R, K, T) -> (R,).
        """
        at = slice(None) if self.threshold is None else [keys.index(self.threshold)]
        of_class = aps[:, :, at].mean(axis=2)
        if self.class_index is not None:
            return of_class[:, self.class_index]
        known = ~np.isnan(of_class)
        total, many = np.where(known, of_class, 0).sum(axis=1), known.sum(axis=1)
        return np.where(many, total / np.maximum(many, 1), np.nan)


@dataclass(frozen=True)
class Measured:
    """A result by measure, in fractions, means first; None where it is undefined."""

    conventions: Mapping[str, Any]
    values: Mapping[Measure, float | None]


def measured(result: Mapping[str, Any], who: str) -> Measured:
    """Read the JSON of eval_voc, eval_coco, or train_det where it holds one data set.

    Raises: ValueError naming `who` if it is none of them.
    """
    try:
        if not isinstance(result, Mapping):
            raise TypeError(f"a {type(result).__name__} for the object")
        if not isinstance(result.get("config"), (str, type(None))):
            raise TypeError(f"config {result['config']!r}, which is no name")
        parts = sections(result)
        conventions: dict[str, Any] = {
            "metrics": [part["metric"] if "mAP" in part else "COCO" for part in parts]
        }
        values: dict[Measure, float | None] = {}
        for part in parts:
            voc = "mAP" in part
            for key in ("mAP", "per_class") if voc else ("per_class",):
                if not isinstance(part[key], Mapping):
                    raise TypeError(f"{key} {part[key]!r:.300}, which is no object")
            values |= _voc_values(part, len(parts) > 1) if voc else _coco_values(part)
            conventions |= _voc_conventions(part) if voc else _coco_conventions(part)
            conventions["num_images"] = _count(part, "num_images")
            conventions["classes"] = list(part["per_class"])
    except (KeyError, TypeError, AttributeError) as error:
        fault = f"no {error}" if isinstance(error, KeyError) else error
        raise ValueError(
            f"{who} must be the JSON that eval-voc or eval-coco wrote, got {fault}; "
            "detections are scored by these tools first"
        ) from None
    return Measured(conventions, values)


def means_of_voc(metric: str, keys: Sequence[str], of_both: bool) -> list[Measure]:
    """The means over classes at thresholds, then over several thresholds."""
    means = [Measure(f"mAP@{key}", metric, None, key, of_both=of_both) for key in keys]
    over_all = Measure(f"mAP, mean of {len(keys)}", metric, of_both=of_both)
    return [*means, over_all] if len(keys) > 1 else means


def value_of(values: Mapping[Measure, float | None], wanted: Measure) -> float | None:
    """The mean of that name by that metric; None where there is none."""
    named = (wanted.name, wanted.metric)
    means = ((m.name, m.metric, value) for m, value in values.items() if m.class_index is None)
    return next((value for name, metric, value in means if (name, metric) == named), None)


def check_alike(sides: Sequence[Measured]) -> None:
    """Numbers made by different rules are not subtracted.

    Raises: ValueError listing how the conventions differ: metric, rules, thresholds, images,
    classes.
    """
    first = sides[0].conventions
    same_metrics = all(side.conventions["metrics"] == first["metrics"] for side in sides)
    differences = {
        f"{key}: {_short(first.get(key))} against {_short(side.conventions.get(key))}": None
        for side in sides[1:]
        for key in (dict.fromkeys([*first, *side.conventions]) if same_metrics else ["metrics"])
        if first.get(key) != side.conventions.get(key)
    }
    if differences:
        raise ValueError(
            "results must be measured alike to be compared, got different "
            f"{'; '.join(differences)}; evaluate both with one command line"
        )


def sections(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results in one JSON: two for `--metric both`, otherwise itself."""
    trained = result.get("metrics")
    if isinstance(trained, Mapping):
        if len(trained) != 1:
            raise TypeError(f"metrics of {len(trained)} data sets for one")
        result = next(iter(trained.values()))
    both = [result[key] for key in VOC_METRICS if key in result]
    return both or [result]


def convention(result: Mapping[str, Any]) -> str:
    """What made the numbers: "VOC 11-point, IoU >= t, 4952 images"."""
    if "mAP" not in result:
        return f"COCO, {_over(result)}"
    return f"VOC {metric_title(result['metric'])}, {rule(result)}"


def rule(result: Mapping[str, Any]) -> str:
    """What every VOC metric of one matching shares: "IoU >= t, 4952 images"."""
    told = [f"IoU {_RULE_SIGNS[result['iou_rule']]} t"]
    told += [
        f"{what} rounded to {float(f'1e-{result[key]}'):g}"
        for what, key in (("scores", "score_decimals"), ("boxes", "box_decimals"))
        if result.get(key) is not None
    ]
    rules = {**result, "recall": recall_of(result)}
    told += [text for (key, value), text in _UNUSUAL.items() if rules.get(key) == value]
    return ", ".join([*told, _over(result)])


def recall_of(result: Mapping[str, Any]) -> Any:
    """The grid of recalls by its name of today."""
    name = result.get("recall", "tenths")
    return FORMERLY.get(name, name) if isinstance(name, str) else name


def _over(result: Mapping[str, Any]) -> str:
    """Over what the numbers are: "4952 images, the mean of 20 classes"."""
    known = [value for value in result["per_class"].values() if _is_known(value)]
    return (
        f"{count(result['num_images'], 'image')}, the mean of "
        f"{classes_told(result.get('classes_in_mean', len(known)), len(result['per_class']))}"
    )


def classes_told(some: int, of: int) -> str:
    """Over how many classes a mean is: "20 classes", "5 of 6 classes"."""
    all_of_them = count(of, "class", "classes")
    return all_of_them if some == of else f"{some} of {all_of_them}"


def _is_known(value: Any) -> bool:
    return None not in value.values() if isinstance(value, Mapping) else value is not None


def _voc_conventions(part: Mapping[str, Any]) -> dict[str, Any]:
    rules = {key: part.get(key, value) for key, value in asdict(Rules("voc")).items()}
    for key in ("score_decimals", "box_decimals"):
        if rules[key] is not None:
            _count(rules, key)
    rules["recall"] = recall_of(rules)
    return {**rules, "iou_rule": part["iou_rule"], "thresholds": list(part["mAP"])}


def _coco_conventions(part: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(part.get("rules", {}), Mapping):
        raise TypeError(f"rules {part['rules']!r:.300}, which is no object")
    return {key: part[key] for key in ("area_ranges", "max_detections", "rules") if key in part}


def _voc_values(part: Mapping[str, Any], both: bool) -> dict[Measure, float | None]:
    metric, keys = part["metric"], list(part["mAP"])
    if not keys:
        raise TypeError("mAP at no threshold")
    for key, names, hint in (("metric", known_metrics(), HINT), ("iou_rule", _RULE_SIGNS, "")):
        if part[key] not in names:
            raise TypeError(f"{key} {part[key]!r}, which is none of {', '.join(names)}{hint}")
    values: dict[Measure, float | None] = {}
    for index, (name, aps) in enumerate([("mAP", part["mAP"]), *part["per_class"].items()], -1):
        label = None if name == "mAP" and index < 0 else index
        by_key = {key: _fraction(aps, key) for key in keys}
        for key, value in by_key.items():
            plain = label is not None and len(keys) == 1
            shown = name if plain else f"{name}@{key}"
            detail = label is not None and len(keys) > 1
            values[Measure(shown, metric, label, key, detail, both)] = value
        if len(keys) > 1:
            measure = Measure(f"{name}, mean of {len(keys)}", metric, label, of_both=both)
            values[measure] = mean_if_all(list(by_key.values()))
    return values


def _coco_values(part: Mapping[str, Any]) -> dict[Measure, float | None]:
    values: dict[Measure, float | None] = {}
    for name in TWELVE:
        of_matches = name in _COCO_THRESHOLDS
        measure = Measure(
            name, "101point" if of_matches else None, None, _COCO_THRESHOLDS.get(name)
        )
        values[measure] = _fraction(part, name)
    for index, name in enumerate(part["per_class"]):
        values[Measure(f"AP-{name}", "101point", index)] = _fraction(part["per_class"], name)
    return values


def _fraction(values: Mapping[str, Any], key: str) -> float | None:
    """A number; None where it is undefined, which COCO's twelve say as -1."""
    value = values[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise TypeError(f"{key} {value!r}, which is no number")
    if value is not None and not -1 <= value <= 1 + 1e-9:
        raise TypeError(f"{key} {value!r}, which is no fraction")
    return None if value is None or value < 0 else value


def _count(values: Mapping[str, Any], key: str) -> int:
    if type(values[key]) is not int or values[key] < 0:
        raise TypeError(f"{key} {values[key]!r}, which is no count")
    return int(values[key])


def mean_if_all(values: Sequence[float | None]) -> float | None:
    """The mean; None where one of the values is undefined."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."
