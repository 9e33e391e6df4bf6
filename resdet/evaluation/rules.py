"""The conventions on which evaluators differ, as data: any tool's numbers are then ours to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from reprlib import repr as shortly
from typing import Any, Literal, get_args, get_type_hints

from resdet.evaluation.ranking import FORMERLY, Recall

IouRule = Literal["ge", "gt"]
Ties = Literal[
    "stable", "images", "numpy", "pandas", "true-first", "false-first", "ids-as-text", "unsorted"
]
Mean = Literal["objects", "listed", "listed-nan", "seen"]
Thresholds = Literal["linspace", "float32"]
Areas = Literal["file", "box", "positive"]
Heard = Literal["excuse", "count"]
_LARGEST = 1_000_000  # number in a rule
_AT_FIRST = {"kind", "iou", "ties", "recall", "score_decimals", "box_decimals"}  # of every file
_ALWAYS = {*_AT_FIRST, "mean"}


@dataclass(frozen=True)
class Rules:
    """What a tool does where others do otherwise; stands beside every number.

    `kind`: a detection meets the object that it overlaps most, taken or not ("voc"), or the best
    of those that are free ("coco").
    `iou`: an overlap of the threshold itself matches ("ge") or not ("gt").
    `ties`: the order of equal scores: as read, "stable"; of the images; of NumPy's or pandas'
    unstable sort; the right or the wrong ones first; by the ids of the images as text.
    "unsorted": no score counts.
    `recall`: see `GRIDS`. `score_decimals`, `box_decimals`: rounding before matching.
    `mean`: over the classes that have objects, are listed, or were seen at all; one without
    objects counts 0, or makes no mean where its area is 0 / 0 ("listed-nan").
    `coco_thresholds`: the bits of 0.50:0.95.
    `difficult` (`ignore` in COCO's files), `crowd`: such an object excuses what finds it, or
    counts as any other. `equals`: which of objects that overlap the same is met.
    `plus_one`: sides are one longer than in files that count corners from 0.
    `areas`: the size of an object is what its file says, that of its box, or its box's where the
    file says none above 0.
    `limit`: how many detections of an image are kept, all classes together; `max_detections`: of
    an image and class. `ap_at_100`: AP is of 100 of them, not of the last limit.
    `found_images`: images without a detection are left out.
    `id_0`: an object whose id is 0 cannot be found.
    `any_free`: an object of another size excuses only where none of the size is free, however far.
    `overlaps_of_32_bits`: and 1e-7 added to the union.
    `met`: of VOC's kind, only objects that are still free are met ("free").
    `leeway`: an object of w x h pixels asks for an overlap of wh / ((w + leeway)(h + leeway)) where
    that is less than the threshold.
    `nothing_is_0`: a mean over classes of which there is nothing to find is 0.
    """

    kind: Literal["voc", "coco"]
    iou: IouRule = "ge"
    ties: Ties = "stable"
    recall: Recall = "tenths"
    score_decimals: int | None = None
    box_decimals: int | None = None
    mean: Mean = "objects"
    coco_thresholds: Thresholds = "linspace"
    difficult: Heard = "excuse"
    crowd: Heard = "excuse"
    equals: Literal["first", "last"] = "first"
    plus_one: bool = False
    areas: Areas = "file"
    limit: int | None = None
    max_detections: tuple[int, ...] = (1, 10, 100)
    ap_at_100: bool = False
    found_images: bool = False
    id_0: bool = False
    any_free: bool = False
    overlaps_of_32_bits: bool = False
    met: Literal["any", "free"] = "any"
    leeway: int | None = None
    nothing_is_0: bool = False

    @property
    def usual(self) -> Rules:
        """Our own of that kind."""
        return DEVKIT if self.kind == "voc" else COCO

    def alone(self, *names: str) -> Rules:
        """Our own but for these fields."""
        return replace(self.usual, **{name: getattr(self, name) for name in names})

    @property
    def of_matching(self) -> Rules:
        """Our own but for what decides what becomes of a detection, not how it is counted."""
        counted = ("recall", "mean", "ap_at_100", "nothing_is_0")
        rules = replace(self, **{name: getattr(self.usual, name) for name in counted})
        first = rules.ties in ("true-first", "false-first")
        return replace(rules, ties=self.usual.ties) if first else rules

    def to_dict(self) -> dict[str, Any]:
        """The fields for JSON, `iou` as "iou_rule"; of the later ones those that are not usual."""
        usual = asdict(self.usual)
        told = {k: v for k, v in asdict(self).items() if k in _ALWAYS or v != usual[k]}
        return {"iou_rule": told.pop("iou"), **told}


DEVKIT = Rules("voc")
DETECTRON2 = Rules(
    "voc", "gt", "numpy", "numpy", score_decimals=3, box_decimals=1, mean="listed-nan"
)
# Source: eval_detection.m of the ILSVRC2014 devkit; readme.txt of that of 2015, section 2.3
IMAGENET = Rules("voc", met="free", leeway=10, ties="images", difficult="count", plus_one=True)
COCO = Rules("coco", recall="linspace", difficult="count", equals="last")
VOC_RULES: Mapping[str, Rules] = {
    "devkit": DEVKIT,
    "detectron2": DETECTRON2,
    "imagenet": IMAGENET,
}


def rules_of(saved: Any) -> Rules:
    """The rules that a file holds; older ones hold fewer.

    Raises: ValueError where it holds something else.
    """
    values: dict[str, Any] = dict(saved) if isinstance(saved, dict) else {}
    kinds = get_type_hints(Rules)
    if values.keys() >= _AT_FIRST:
        values["recall"] = FORMERLY.get(str(values["recall"]), values["recall"])
    if not (values.keys() >= _AT_FIRST and all(_is_of(values[k], kinds.get(k)) for k in values)):
        raise ValueError(f"rules {shortly(saved)}")
    for name in values.keys() & {"max_detections"}:
        values[name] = tuple(values[name])
    return Rules(**values)


def _is_of(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of a field's type: names, flags, small numbers or lists of them."""
    if choices := get_args(kind):
        if choices == (int, type(None)):
            return value is None or (type(value) is int and 0 <= value <= _LARGEST)
        if choices == (int, ...):
            return isinstance(value, list) and all(type(v) is int and v > 0 for v in value)
        return isinstance(value, str) and value in choices
    return type(value) is kind
