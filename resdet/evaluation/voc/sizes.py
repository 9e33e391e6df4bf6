"""AP by the size of the objects, by VOC's rule of matching and COCO's areas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import Matches
from resdet.evaluation.voc.score import rematching
from resdet.structures.boxes import areas
from resdet.structures.records import Int64Array

# square pixels. Source: COCO, pycocotools' areaRng. Deviation: there, an area of 32 ** 2 or 96 ** 2
# is of two sizes; here of the smaller alone, so that each object counts once
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
    sizes, truth = {}, matches.truth
    rematched = rematching(matches, truth)
    of_truth, of_found = _places(truth.boxes), _places(matches.boxes)
    for place, (name, (least, most)) in enumerate(SIZES.items()):
        of_size = rematched(truth.ignored | (of_truth != place), of_found != place)
        per_class = of_size.average_precisions(metric)
        sizes[name] = {
            "area": [least, most if np.isfinite(most) else None],
            "objects": int(of_size.num_positives.sum()),
            "mAP": of_size.mean(per_class),
            "classes_in_mean": of_size.classes_in_mean,
            "per_class": per_class,
        }
    return sizes


def _places(boxes: Float64Array) -> Int64Array:
    """Of each box, the place of its size in SIZES."""
    return np.searchsorted([most for _, most in SIZES.values()], areas(boxes))
