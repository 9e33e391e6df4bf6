"""Evaluators of the field as sets of rules, each held to the tool itself by `make evaluators`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from backbones.terminal.wording import nearest
from resdet.evaluation.rules import COCO, DETECTRON2, DEVKIT, Rules

TWELVE = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
AP_ALONE = TWELVE[:3]


@dataclass(frozen=True)
class Tool:
    """An evaluator: what it does where others do otherwise, and what of it no rule holds.

    `told`: what it prints; COCO's measures, or metrics of VOC. `sources`: by rule, where it stands
    in the tool. `beside`: what its numbers depend on besides.
    """

    version: str
    rules: Rules
    told: tuple[str, ...]
    sources: Mapping[str, str]
    beside: str = ""


_PYCOCOTOOLS = replace(COCO, ap_at_100=True, id_0=True)
_PYCOCOTOOLS_AT = {
    "ap_at_100": "cocoeval.py, _summarize(1): maxDets=100",
    "id_0": "cocoeval.py, evaluateImg: dtm holds ids, and 0 stands for none",
}
TOOLS: Mapping[str, Tool] = {
    "pycocotools": Tool("2.0.11", _PYCOCOTOOLS, TWELVE, _PYCOCOTOOLS_AT),
    "torchvision": Tool(
        "its references/detection/coco_eval.py",
        _PYCOCOTOOLS,
        TWELVE,
        {name: f"pycocotools, {at}" for name, at in _PYCOCOTOOLS_AT.items()},
    ),
    "mmdetection_coco": Tool(
        "3, CocoMetric",
        replace(_PYCOCOTOOLS, max_detections=(100, 300, 1000)),
        TWELVE,
        {
            **{name: f"pycocotools, {at}" for name, at in _PYCOCOTOOLS_AT.items()},
            "max_detections": "coco_metric.py: proposal_nums=(100, 300, 1000)",
        },
    ),
    "faster-coco-eval": Tool("1.8.0", replace(COCO, id_0=True), TWELVE, {"id_0": "as pycocotools"}),
    "torchmetrics": Tool(
        "1.9.0",
        replace(
            COCO, ap_at_100=True, coco_thresholds="float32", recall="float32", areas="positive"
        ),
        TWELVE,
        {
            "ap_at_100": "helpers.py: pycocotools' summarize",
            "coco_thresholds": "mean_ap.py: torch.linspace(0.5, 0.95, 10).tolist()",
            "recall": "mean_ap.py: torch.linspace(0, 1, 101).tolist()",
            "areas": "helpers.py, _get_coco_format: area_stat if area > 0",
        },
        "its numbers have 32 bits, and so have boxes and scores where they are handed over so",
    ),
    "supervision": Tool(
        "0.31.2",
        replace(COCO, difficult="excuse"),
        TWELVE[:6],
        {"difficult": "mean_average_precision.py, _prepare_targets_and_predictions"},
        "its numbers have 32 bits",
    ),
    "fiftyone": Tool(
        "1.22.1",
        replace(COCO, ties="true-first", areas="box"),
        AP_ALONE,
        {
            "ties": "coco.py, _compute_pr_curves: tp before fp, then a stable sort",
            "areas": "no area is read",
        },
        "its boxes are shares of the image, which may cost an overlap of a threshold its last bit",
    ),
    "keras_cv": Tool(
        "0.9.0",
        replace(
            COCO,
            ties="ids-as-text",
            crowd="count",
            areas="box",
            found_images=True,
            ap_at_100=True,
            nothing_is_0=True,
        ),
        TWELVE,
        {
            "ties": "box_coco_metrics.py: np.char.mod of the images' numbers",
            "crowd": "pycoco_wrapper.py: iscrowd is 0",
            "areas": "pycoco_wrapper.py: area of the box",
            "found_images": "pycoco_wrapper.py: imgIds are those of the predictions",
            "ap_at_100": "pycocotools' summarize",
            "nothing_is_0": "box_coco_metrics.py: max(metrics[key], 0.0)",
        },
        "its numbers have 32 bits",
    ),
    "globox": Tool(
        "2.9.0",
        replace(COCO, ties="ids-as-text", crowd="count", areas="box", any_free=True),
        TWELVE,
        {
            "ties": "evaluation.py, evaluate_annotations: sorted(image_ids) of text",
            "crowd": "annotation.py: iscrowd is not read",
            "areas": "boundingbox.py, _area_in: of the box",
            "any_free": "evaluation.py, evaluate_boxes: best_iou begins at 0",
        },
    ),
    "tidecv": Tool(
        "1.0.1",
        replace(
            COCO,
            limit=100,
            mean="seen",
            recall="hundredths",
            equals="first",
            areas="box",
        ),
        AP_ALONE,
        {
            "limit": "quantify.py: preds[:max_dets] of all classes",
            "mean": "ap.py, get_ap: 0 without positives; get_mAP: of all that is not empty",
            "recall": "ap.py: x / resolution",
            "equals": "quantify.py: np.argmax",
            "areas": "no area is read",
        },
    ),
    "ultralytics": Tool(
        "8.4.190",
        replace(
            COCO,
            ties="numpy",
            crowd="count",
            limit=300,
            recall="trapezoid",
            coco_thresholds="float32",
            equals="first",
            areas="box",
            max_detections=(1, 10, 300),
            overlaps_of_32_bits=True,
        ),
        AP_ALONE,
        {
            "ties": "metrics.py, ap_per_class: np.argsort(-conf)",
            "crowd": "no crowd is read",
            "limit": "max_det=300 of all classes",
            "recall": "metrics.py, compute_ap: np.interp and np.trapezoid",
            "coco_thresholds": "validator.py: torch.linspace(0.5, 0.95, 10)",
            "equals": "validator.py, match_predictions: argmax",
            "areas": "no area is read",
            "max_detections": "none of an image and class",
            "overlaps_of_32_bits": "metrics.py, box_iou: .float(), eps=1e-7",
        },
    ),
    "devkit": Tool(
        "VOC2007 to VOC2012",
        replace(DEVKIT, recall="matlab"),
        ("11point", "area"),
        {"recall": "VOCevaldet.m: for t=0:0.1:1"},
    ),
    "detectron2": Tool(
        "0.6",
        DETECTRON2,
        ("11point", "area"),
        {
            "iou": "pascal_voc_evaluation.py: if ovmax > ovthresh",
            "ties": "pascal_voc_evaluation.py: np.argsort(-confidence)",
            "recall": "pascal_voc_evaluation.py: np.arange(0.0, 1.1, 0.1)",
            "score_decimals": "pascal_voc_evaluation.py: {score:.3f}",
            "box_decimals": "pascal_voc_evaluation.py: {xmin:.1f}",
            "mean": "pascal_voc_evaluation.py: np.mean of all class names; 0 / 0",
        },
    ),
    "podm": Tool(
        "0.4.post1",
        replace(DEVKIT, difficult="count", crowd="count", recall="numpy"),
        ("11point", "area"),
        {
            "difficult": "metrics.py: not read",
            "crowd": "metrics.py: not read",
            "recall": "metrics.py: np.linspace(0, 1, 11)",
        },
    ),
    "review_object_detection_metrics_coco": Tool(
        "2efe66d",
        replace(COCO, crowd="count", areas="box"),
        TWELVE,
        {
            "crowd": "coco_evaluator.py: no crowd is read",
            "areas": "coco_evaluator.py, _get_area",
        },
        "images come in the order in which the results name them, which settles equal scores",
    ),
    "review_object_detection_metrics_voc": Tool(
        "2efe66d",
        replace(DEVKIT, recall="numpy", difficult="count", crowd="count", plus_one=True),
        ("11point", "area"),
        {
            "recall": "pascal_voc_evaluator.py: np.linspace(0, 1, 11)",
            "difficult": "pascal_voc_evaluator.py: not read",
            "crowd": "pascal_voc_evaluator.py: not read",
            "plus_one": "bounding_box.py, get_intersection_area and get_union_areas",
        },
    ),
    "mean-average-precision": Tool(
        "2024.1.5.0",
        replace(
            DEVKIT,
            iou="gt",
            ties="pandas",
            recall="numpy",
            mean="listed",
            equals="last",
            difficult="count",
            crowd="count",
            plus_one=True,
        ),
        ("11point", "area"),
        {
            "iou": "utils.py, check_box: iou > iou_threshold",
            "ties": "mean_average_precision_2d.py: sort_values of pandas",
            "recall": "as its README: np.arange(0, 1.1, 0.1)",
            "mean": "mean_average_precision_2d.py: over num_classes",
            "equals": "utils.py: np.argsort(iou)[::-1]",
            "difficult": "utils.py, compute_match_table: flags of other objects, see beside",
            "crowd": "utils.py, compute_match_table: flags of other objects, see beside",
            "plus_one": "utils.py, compute_iou",
        },
        "difficult and crowd, where they are handed over, excuse the wrong objects; its numbers "
        "have 32 bits",
    ),
    "mmdetection_voc": Tool(
        "3.3.0, VOCMetric",
        replace(DEVKIT, ties="numpy", recall="numpy", plus_one=True, nothing_is_0=True),
        ("11point", "area"),
        {
            "ties": "mean_ap.py, eval_map: np.argsort(-cls_dets[:, -1])",
            "recall": "mean_ap.py: np.arange(0, 1 + 1e-3, 0.1)",
            "plus_one": "voc_metric.py: use_legacy_coordinate=True",
            "nothing_is_0": "mean_ap.py, eval_map: if len(aps) else 0.0",
        },
        "its numbers have 32 bits; its AP50 is rounded to three digits, its mAP is not; of equal "
        "scores of an image an unstable sort settles which finds, which no rule foretells",
    ),
    "mapcalc": Tool(
        "0.2.2",
        replace(DEVKIT, ties="unsorted", difficult="count", crowd="count", plus_one=True),
        ("area",),
        {
            "ties": "main.py: no score is looked at",
            "difficult": "main.py: not read",
            "crowd": "main.py: not read",
            "plus_one": "main.py: iw = bi[2] - bi[0] + 1",
        },
        "it knows one picture: those of a set must be laid side by side",
    ),
    "kornia": Tool(
        "0.9.0",
        replace(DEVKIT, iou="gt", difficult="count", crowd="count"),
        ("11point",),
        {
            "iou": "mean_average_precision.py: max_overlap > threshold",
            "difficult": "mean_average_precision.py: not read",
            "crowd": "mean_average_precision.py: not read",
        },
        "equal scores fall as torch.sort leaves them, which no rule foretells",
    ),
}
_SAID: Mapping[tuple[str, Any], str] = {
    ("iou", "gt"): "an overlap of exactly the threshold is a miss",
    ("ties", "numpy"): "equal scores fall as NumPy's unstable sort leaves them",
    ("ties", "pandas"): "equal scores fall as pandas' unstable sort leaves them",
    ("ties", "true-first"): "of equal scores the right ones come first: the best AP they allow",
    ("ties", "false-first"): "of equal scores the wrong ones come first: the worst AP they allow",
    ("ties", "ids-as-text"): "equal scores of several images fall by ids as text, 10 before 2",
    ("ties", "unsorted"): "detections keep their order in the file, whatever their scores",
    ("recall", "numpy"): "11 points: 0.3, 0.6 and 0.7 are a hair above, so 3 of 10 is below 0.3",
    ("recall", "matlab"): "11 points: 0.3 is a hair above, so 3 of 10 is below it",
    ("recall", "hundredths"): "101 points are exact hundredths; pycocotools' are above ten of them",
    ("recall", "float32"): "101 points have 32 bits: 36 are above their hundredths, 60 below",
    ("recall", "trapezoid"): "precision is a straight line between detections, from 1 at recall 0",
    ("mean", "listed"): "the mean is over all listed classes, 0 for one without objects",
    ("mean", "listed-nan"): (
        "the mean is over all listed classes, 0 for one without objects; an area of one that is "
        "detected is 0 / 0 and makes the mean nan"
    ),
    ("mean", "seen"): "the mean is over all classes seen, 0 for one that is only detected",
    ("coco_thresholds", "float32"): "IoU thresholds have 32 bits: 0.6 is 0.60000002",
    ("difficult", "excuse"): "objects with ignore excuse what finds them",
    ("difficult", "count"): "difficult objects must be found as any other",
    ("crowd", "count"): "crowds are ordinary objects",
    ("equals", "first"): "of objects that overlap the same, the first is found",
    ("equals", "last"): "of objects that overlap the same, the last is found",
    ("plus_one", True): "sides are one longer than in files that count corners from 0",
    ("areas", "box"): "the size of an object is that of its box, whatever its file says",
    ("areas", "positive"): "an object whose file gives no positive area has that of its box",
    ("ap_at_100", True): "AP is of 100 detections, nothing where the limits lack 100",
    ("found_images", True): "images without a detection are left out, their objects not missed",
    ("id_0", True): "an object whose id is 0 cannot be found",
    ("any_free", True): "a size's AP: others excuse only where no object of the size is free",
    ("nothing_is_0", True): "a mean over classes of which there is nothing to find is 0",
    ("overlaps_of_32_bits", True): "overlaps have 32 bits, and 1e-7 is added to the union",
}


def tool_named(name: str, kind: str) -> Tool:
    """Of two of the same name, that of the command; `kind` is "coco" or "voc".

    Raises: ValueError for no tool, or one of the other command's.
    """
    if f"{name}_{kind}" in TOOLS:
        return TOOLS[f"{name}_{kind}"]
    own = [known for known, tool in TOOLS.items() if tool.rules.kind == kind]
    if name in own:
        return TOOLS[name]
    if name in TOOLS:
        other = "eval-coco" if kind == "voc" else "eval-voc"
        raise ValueError(f"--as must be {', '.join(own)}, got {name}; that one is {other}'s")
    raise ValueError(f"--as must be {', '.join(own)}, got {name!r}{nearest(name, TOOLS)}")


def in_words(rules: Rules) -> list[str]:
    """What differs from our own rules of that kind, a sentence each."""
    usual = DEVKIT if rules.kind == "voc" else COCO
    told = []
    for field in fields(Rules):
        value = getattr(rules, field.name)
        if value == getattr(usual, field.name):
            continue
        told.append(_SAID.get((field.name, value)) or _NUMBERS[field.name].format(_listed(value)))
    return told


_NUMBERS = {
    "score_decimals": "scores are rounded at digit {} after the point",
    "box_decimals": "corners are rounded at digit {} after the point",
    "limit": "of an image, {} detections of all classes together are kept",
    "max_detections": "of an image and class, {} detections are kept, AP is of the last",
}


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
