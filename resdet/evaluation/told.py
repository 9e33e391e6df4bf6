"""Numbers as somebody told them: one, or those that a tool has written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as shortly
from typing import Any

from resdet.evaluation.coco.score import TWELVE
from resdet.evaluation.measures import Measure

_ROUNDING = 1e-9
_DIGITS = 6  # of a fraction that a file holds: numbers of 32 bits have no more
_SAME_NAMES = {  # of torchmetrics, mmdetection and others, in lower letters
    **{name.lower(): name for name in TWELVE},
    **{
        "map": "AP",
        "apall": "AP",
        "map50": "AP50",
        "map75": "AP75",
        "map5095": "AP",
        "map50-95": "AP",
    },
    **{"aps": "APs", "apsmall": "APs", "maps": "APs", "mapsmall": "APs"},
    **{"apm": "APm", "apmedium": "APm", "mapm": "APm", "mapmedium": "APm"},
    **{"apl": "APl", "aplarge": "APl", "mapl": "APl", "maplarge": "APl"},
    **{"mar1": "AR1", "mar10": "AR10", "mar100": "AR100"},
    **{"arsmall": "ARs", "armedium": "ARm", "arlarge": "ARl"},
    **{"marsmall": "ARs", "marmedium": "ARm", "marlarge": "ARl"},
}
_NO_BOXES = ("segm", "keypoints")  # in keys: what tools measure besides
_OF_VOC = {"AP50": "mAP@0.50", "AP75": "mAP@0.75", "AP": "mAP, mean of 10"}


@dataclass(frozen=True)
class Claim:
    """A number as it was told: what rounds to its digits is it.

    `name` of what is printed, "" for any. `value`, `half` of its last digit: fractions.
    """

    text: str
    name: str
    value: float
    half: float

    @classmethod
    def of(cls, text: str) -> Claim:
        """`[NAME=]NUMBER`: a fraction up to 1, above or with a % in points.

        Raises: ValueError for anything else.
        """
        name, _, number = text.rpartition("=")
        parts = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,15}))?(%?)", number)
        value = float(number.rstrip("%")) if parts else -1.0
        if not parts or value > 100 or (value <= 1 and not parts[2] and not parts[3]):
            raise ValueError(f"must be a number with its digits, as 0.813, 81.3 or AP=81.3: {text}")
        if name and not name.startswith("mAP") and _plain(name) not in _SAME_NAMES:
            raise ValueError(f"must be of {', '.join(TWELVE)} or mAP@0.50, ...: {text}")
        scale = 100 if parts[3] or value > 1 else 1
        half = 0.5 * 10.0 ** -len(parts[2] or "")
        return cls(number, name, value / scale, half / scale)

    def away(self, number: float | None) -> float:
        """How far a number is from it; 0 for one that rounds to it, a half either way."""
        if number is None:
            return math.inf
        apart = abs(number - self.value)
        return 0.0 if apart <= self.half + _ROUNDING else apart

    @property
    def decimals(self) -> int:
        """Of points: those that were told, two at least."""
        return max(2, round(-math.log10(200 * self.half)))

    def names(self, measure: Measure) -> bool:
        """Whether it may be this one: means over classes, or the one that is named.

        By our names or those of tools; of VOC's means AP is each.
        """
        if measure.class_index is not None:
            return False
        own = ("", measure.name, measure.key, measure.printed)
        theirs = _SAME_NAMES.get(_plain(self.name), "")
        means = ("AP",) if measure.name.startswith("mAP") else (measure.name,)
        return self.name in own or theirs in means or _OF_VOC.get(theirs) == measure.name


def claims_in(content: Any, kind: str, where: str) -> list[Claim]:
    """The numbers of classes' means in what a tool has written, the main one first.

    An object of numbers, as detectron2's {"bbox": {"AP": 27.2, ...}}, torchmetrics' {"map": ...}
    or mmdetection's {"bbox_mAP": ...}; or the twelve of pycocotools as a list. -1 and NaN are no
    numbers, masks and keypoints no boxes.
    Raises: ValueError for something else, for two of a name or one above 100.
    """
    if isinstance(content, list) and len(content) == len(TWELVE):
        content = dict(zip(TWELVE, content))
    named = _named(content, where)
    if kind == "voc":
        ours = _OF_VOC if "AP50" in named else {"AP": "mAP@0.50"}
        named = {ours.get(name, name): value for name, value in named.items()}
    known = (*TWELVE, *_OF_VOC.values())
    numbers = {name: value for name, value in named.items() if name in known}
    if not numbers:
        raise ValueError(
            f"{where} must be what eval-voc or eval-coco wrote, or an object of numbers as "
            f'{{"AP": 27.2, "AP50": 48.1}}, got {shortly(content):.80}'
        )
    highest = max(numbers, key=lambda name: numbers[name])
    if numbers[highest] > 100:
        raise ValueError(
            f"{where} must hold fractions, or points up to 100, got {highest} "
            f"{numbers[highest]:g}; correct it"
        )
    scale = 100 if numbers[highest] > 1 else 1
    digits = max(len(repr(value).partition(".")[2]) for value in numbers.values())
    half = max(0.5 * 10.0**-digits / scale, 0.5 * 10.0**-_DIGITS)
    return [Claim(f"{value:g}", name, value / scale, half) for name, value in numbers.items()]


def _named(content: Any, where: str) -> dict[str, float]:
    """The numbers by our names for them. Raises: ValueError for two of one name."""
    named: dict[str, float] = {}
    for key, value in _flat(content):
        name = _SAME_NAMES.get(_plain(key), key)
        if named.setdefault(name, value) != value and name in TWELVE:
            raise ValueError(
                f"{where} must hold one {name}, got {named[name]:g} and {value:g}; leave one there"
            )
    return named


def _flat(content: Any) -> list[tuple[str, float]]:
    """Each number of boxes with its key, of objects in objects too; below 0 and NaN are none."""
    found: list[tuple[str, float]] = []
    objects = [content] if isinstance(content, Mapping) else []
    for each in objects:  # which grow while they are read, however deep they lie
        for key, value in each.items():
            if any(other in str(key) for other in _NO_BOXES):
                continue
            if isinstance(value, Mapping):
                objects.append(value)
            elif isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
                found.append((str(key), float(value)))
    return found


def _plain(key: str) -> str:
    """coco/bbox_mAP_50, metrics/mAP50(B) -> map50."""
    name = key.rpartition("/")[2].lower().removeprefix("bbox").removesuffix("(b)")
    return name.replace("_", "")
