"""AP by the size of the objects, by VOC's rule of matching and COCO's areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import Matches, mean_average_precisions
from resdet.evaluation.voc.score import rematch
from resdet.structures.boxes import areas
from resdet.structures.records import BoolArray

# square pixels, both ends included. Source: COCO, pycocotools' areaRng
SIZES: Mapping[str, tuple[float, float]] = {
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, float("inf")),
}


def ap_by_size(matches: Matches, metric: str) -> dict[str, Any]:
    """{size: {"area", "objects", "mAP", "per_class"}} with AP by threshold, as `score_voc` has it.

    As in COCO, objects of other sizes are ignored, and so are detections of other sizes that
    match nothing. `area` is [least, most] in square pixels, None where there is no bound.
    Raises: ValueError for matches by COCO's rule, whose twelve numbers have the sizes.
    """
    sizes = {}
    for name, (least, most) in SIZES.items():
        outside = ~_within(matches.truth.boxes, least, most)
        truth = replace(matches.truth, ignored=matches.truth.ignored | outside)
        foreign = ~_within(matches.boxes, least, most)
        of_size = rematch(matches, truth, ignored_if_unmatched=foreign)
        per_class = of_size.average_precisions(metric)
        sizes[name] = {
            "area": [least, most if np.isfinite(most) else None],
            "objects": int(of_size.num_positives.sum()),
            "mAP": mean_average_precisions(per_class),
            "per_class": per_class,
        }
    return sizes


def _within(boxes: Float64Array, least: float, most: float) -> BoolArray:
    area = areas(boxes)
    return (least <= area) & (area <= most)
