"""Precision and recall from verdicts: the arrays of pycocotools."""

from itertools import product

import numpy as np
import pytest

from resdet.evaluation.coco.accumulate import accumulate
from resdet.evaluation.coco.match import match_areas
from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.score import by_library
from resdet.evaluation.coco.truth import read_truth


@pytest.mark.parametrize("seed", range(6))
def test_crowded_images_score_as_by_pycocotools(seed):
    # boxes on whole pixels in a heap: equal overlaps, equal scores, more than 100 detections
    rng = np.random.default_rng(seed)
    categories = [{"id": i, "name": str(i)} for i in (1, 90)]

    def some(n, **columns):
        boxes = np.hstack([rng.integers(0, 6, (n, 2)), rng.integers(28, 37, (n, 2))]).tolist()
        return [
            {"image_id": i, "category_id": c, "bbox": box, **dict(zip(columns, row))}
            for i, c, box, row in zip(
                rng.choice([3, 5, 40], n).tolist(),
                rng.choice([1, 1, 1, 90], n).tolist(),
                boxes,
                zip(*columns.values()),
            )
        ]

    crowds = (rng.random(60) < 0.2).astype(int).tolist()
    areas = rng.choice([None, -1.0, 800.0, 1024.0, 1025.0, 1e10, 1e11], 60).tolist()
    truth = {
        "images": [{"id": i} for i in (40, 3, 5, 6)],
        "categories": categories,
        "annotations": some(60, iscrowd=crowds, area=areas),
    }
    results = some(500, score=(rng.integers(0, 9, 500) / 8).tolist())
    columns = read_truth(truth, None), read_results(results)
    ours, theirs = accumulate(match_areas(*columns)), by_library(*columns, "pycocotools")
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])
    assert len(np.unique(ours[0])) > 40
    precision, recall = accumulate(match_areas(*columns), [(0, 2), (3, 1)])
    for some, all_of_it in zip((precision, recall), ours):
        for a, m in product(range(4), range(3)):
            expected = all_of_it[..., a, m] if (a, m) in [(0, 2), (3, 1)] else -1
            assert (some[..., a, m] == expected).all()
