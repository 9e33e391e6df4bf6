from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation.rules import COCO
from resdet.evaluation.voc.sizes import SIZES, ap_by_size

CAT = 0


def square(x: float, side: float) -> list[float]:
    return [x, 0, x + side, side]


def aps(matches) -> dict[str, float | None]:
    return {name: size["mAP"]["0.50"] for name, size in ap_by_size(matches, "area").items()}


def objects(matches) -> dict[str, int]:
    return {name: size["objects"] for name, size in ap_by_size(matches, "area").items()}


def test_each_size_alone(matched) -> None:
    truth = {"a": [(CAT, square(0, 10), False), (CAT, square(100, 50), False)]}
    truth["b"] = [(CAT, square(0, 200), False), (CAT, square(300, 200), False)]
    matches = matched(
        truth,
        [
            ("a", CAT, 0.9, square(40, 12)),  # false, small
            ("a", CAT, 0.8, square(0, 10)),
            ("a", CAT, 0.7, square(100, 50)),
            ("b", CAT, 0.6, square(0, 200)),
            ("b", CAT, 0.5, square(600, 60)),  # false, medium
        ],
        classes=["cat"],
    )
    assert objects(matches) == {"small": 1, "medium": 1, "large": 2}
    assert aps(matches) == {"small": 0.5, "medium": 1.0, "large": 0.5}


def test_a_bound_belongs_to_the_smaller_size_alone(matched) -> None:
    truth = {"a": [(CAT, square(0, 32), False), (CAT, square(100, 96), False)]}
    found = [("a", CAT, 0.5, square(0, 32)), ("a", CAT, 0.9, square(300, 96))]
    matches = matched(truth, found, classes=["cat"])
    assert objects(matches) == {"small": 1, "medium": 1, "large": 0}
    assert aps(matches) == {"small": 1.0, "medium": 0.0, "large": None}
    between = matched(
        {"a": [(CAT, square(0, 32.001), False)]}, [("a", CAT, 0.5, square(300, 9000))]
    )
    assert objects(between) == {"small": 0, "medium": 1, "large": 0}
    assert aps(between) == {"small": None, "medium": 0.0, "large": None}


def test_finding_an_object_of_another_size_is_no_error(matched) -> None:
    truth = {"a": [(CAT, square(0, 31), False), (CAT, square(100, 10), False)]}
    found = [("a", CAT, 0.9, square(0, 34)), ("a", CAT, 0.8, square(100, 10))]
    assert aps(matched(truth, found)) == {"small": 1.0, "medium": None, "large": None}
    other = {"a": [(CAT, square(0, 34), False), (CAT, square(100, 10), False)]}
    found = [("a", CAT, 0.9, square(0, 31)), ("a", CAT, 0.8, square(100, 10))]
    assert aps(matched(other, found)) == {"small": 1.0, "medium": 1.0, "large": None}


def test_what_was_ignored_stays_so(matched) -> None:
    truth = {"a": [(CAT, square(0, 10), True)]}
    assert objects(matched(truth, []))["small"] == 0


def test_every_threshold_and_the_areas(random_matches) -> None:
    matches = random_matches(2)
    three = replace(
        matches,
        thresholds=(0.5, 0.75),
        verdicts=np.repeat(matches.verdicts, 2, axis=0),
        objects=np.repeat(matches.objects, 2, axis=0),
    )
    small = ap_by_size(three, "11point")["small"]
    assert list(small["mAP"]) == ["0.50", "0.75"]
    assert small["mAP"]["0.50"] > small["mAP"]["0.75"]
    assert set(small["per_class"]) == set(matches.class_names)
    assert small["area"] == [0.0, 1024.0]
    assert ap_by_size(matches, "area")["large"]["area"] == [9216.0, None]
    # all boxes of these matches are small: their AP is the AP
    assert small["mAP"]["0.50"] == np.mean(
        [aps["0.50"] for aps in matches.average_precisions("11point").values()]
    )


def test_coco_has_its_own(random_matches) -> None:
    with pytest.raises(ValueError, match="VOC's rule"):
        ap_by_size(replace(random_matches(0), rules=COCO), "101point")
    assert list(SIZES) == ["small", "medium", "large"]
