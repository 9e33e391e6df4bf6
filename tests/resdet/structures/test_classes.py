"""Classes of the public data, and the category that is none."""

from __future__ import annotations

from typing import Any

import pytest

from resdet.structures.classes import COCO_CLASSES, COCO_IDS, VOC_CLASSES, real_categories

ABOVE = {"id": 0, "name": "animals", "supercategory": "none"}
CAT = {"id": 1, "name": "cat", "supercategory": "animals"}


def test_there_are_20_and_80_and_ids_are_up_to_90() -> None:
    assert (len(set(VOC_CLASSES)), len(set(COCO_CLASSES)), len(set(COCO_IDS))) == (20, 80, 80)
    assert list(VOC_CLASSES) == sorted(VOC_CLASSES)
    of = dict(zip(COCO_CLASSES, COCO_IDS, strict=True))
    ids = {
        "person": 1,
        "fire hydrant": 11,
        "stop sign": 13,
        "backpack": 27,
        "tv": 72,
        "toothbrush": 90,
    }
    assert {name: of[name] for name in ids} == ids


def test_roboflows_placeholder_is_no_class() -> None:
    assert real_categories({"categories": [ABOVE, CAT], "annotations": []}) == [CAT]
    assert real_categories({"categories": [ABOVE, CAT]}) == [CAT]


def test_datumaros_background_is_no_class() -> None:
    background = {"id": 4, "name": "background"}
    assert real_categories({"categories": [CAT, background], "annotations": []}) == [CAT]


@pytest.mark.parametrize(
    "content",
    [
        {"categories": [{"id": 4, "name": "background"}]},
        {"categories": [CAT, {"id": 4, "name": "background"}], "annotations": [{"category_id": 4}]},
        {"categories": [CAT, {"id": 4, "name": "backgrounds"}]},
        {"categories": [{**ABOVE, "name": "none"}]},
        {"categories": [ABOVE, CAT], "annotations": [{"category_id": 0}]},
        {"categories": [{**ABOVE, "id": 2}, CAT]},
        {"categories": [{**ABOVE, "supercategory": "things"}, CAT]},
        {"categories": [{**ABOVE, "name": "none of theirs"}, CAT]},
        {"categories": ["text", CAT]},
    ],
)
def test_a_category_that_may_be_real_stays(content: dict[str, Any]) -> None:
    assert real_categories(content) is content["categories"]
