"""What int8 costs, by objects and without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from resdet.export.int8.accuracy import ByAgreement, ByObjects, Loss
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord

BOXES = np.array([[10, 10, 50, 50], [60, 60, 90, 95]], np.float32)


def dataset(images: int) -> Dataset:
    records = tuple(
        ImageRecord(f"{at:03}", Path(f"{at:03}.jpg"), 100, 100, GroundTruth(BOXES, [0, 1]))
        for at in range(images)
    )
    return Dataset("made_test", "voc", ("cat", "dog"), records, Path())


def found(name: str, *labels: int, scores: tuple[float, ...] = (0.9, 0.8)) -> Detections:
    return Detections(name, BOXES[: len(labels)], list(labels), list(scores[: len(labels)]))


def verdict(images: int, missed: int, limit: float = 0.005) -> Loss:
    judge = ByObjects(dataset(images), ("cat", "dog"), limit)
    names = [name for name, _ in judge.images]
    plain = [found(str(name), 0, 1) for name in names]
    return judge(plain, [found(str(name)) for name in names[:missed]] + plain[missed:])


def test_what_is_lost_is_told_with_its_interval() -> None:
    lost = verdict(40, missed=4)
    assert (lost.plain, lost.quantised) == (1.0, 0.9)
    assert lost.interval is not None
    assert lost.interval.low < -0.1 < lost.interval.high
    assert lost.too_much
    assert str(lost).startswith("mAP@.5, area 100.00 in float, 90.00 in int8: -10.00 (-")
    assert lost.to_dict()["interval"]["low"] == lost.interval.low


@pytest.mark.parametrize(("limit", "too_much"), [(0.1001, False), (0.0999, True)])
def test_the_limit_is_of_the_loss(limit: float, too_much: bool) -> None:
    assert verdict(40, missed=4, limit=limit).too_much == too_much


def test_few_images_give_no_interval() -> None:
    assert verdict(9, missed=1).interval is None
    assert not verdict(9, missed=0, limit=0.0).too_much


def test_classes_must_be_the_detectors() -> None:
    with pytest.raises(ValueError, match=r"must be those of the data, got \[cat\] for \[cat, dog"):
        ByObjects(dataset(3), ("cat",), 0.005)
    judge = ByObjects(dataset(20), ("dog", "cat"), 0.005)  # in another order
    swapped = [found(str(name), 1, 0) for name, _ in judge.images]
    assert judge(swapped, swapped).plain == 1.0


def test_without_objects_detections_agree_or_not() -> None:
    judge = ByAgreement([Path("a.jpg")])
    plain = [found("a.jpg", 0, 1)]
    assert not judge(plain, plain).too_much
    cases = {
        "other class": found("a.jpg", 0, 0),
        "other score": found("a.jpg", 0, 1, scores=(0.9, 0.69)),
        "missed": found("a.jpg", 0),
        "elsewhere": Detections("a.jpg", BOXES[::-1], [0, 1], [0.9, 0.8]),
    }
    for case, other in cases.items():
        assert judge(plain, [other]).too_much, case
    lower = judge(plain, [found("a.jpg", 0, 1, scores=(0.85, 0.75))])
    assert str(lower).endswith(
        "of 4 detections scored 0.5 and more, in float or in int8, 100.0% agree"
    )
    with pytest.raises(ValueError, match="--calibrate must show what the detector finds, got no"):
        judge([found("a.jpg", 0, scores=(0.4,))], [found("a.jpg")])
