"""The area below straight lines, by hand."""

import numpy as np
import pytest

from resdet.evaluation.coco.match import match_areas
from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.trapezoid import trapezoids
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.rules import COCO

BOX, FAR = [0, 0, 10, 10], [50, 50, 10, 10]
TRUTH = {
    "images": [{"id": 1}],
    "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": FAR},
    ],
}


@pytest.mark.parametrize(
    ("boxes", "area"),
    [
        ([BOX, FAR], 0.995),  # the last point is below the end of the curve
        # 1 up to recall 0.49, 0 from 0.50 on
        ([BOX], 0.495),
        # 1/2 up to recall 1/2
        ([[90, 90, 5, 5], BOX], 0.2475),
        ([], 0.0),
    ],
)
def test_by_hand(boxes, area):
    results = [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9 - k / 10}
        for k, box in enumerate(boxes)
    ]
    found = match_areas(read_truth(TRUTH, None), read_results(results), COCO)
    heights = trapezoids(found)
    assert heights[0, :, 0].mean() == pytest.approx(area, abs=1e-12)
    assert np.all(heights[:, :, 1] == -1)
