"""A localiser at work on images of the disk."""

import numpy as np
import pytest

from resdet.detector.inference import load_detector
from resdet.detector.localise import localise


def test_places_come_in_the_order_of_asking(tiny_localiser, localisation_data):
    detector = load_detector(tiny_localiser, "tv", "cpu")
    records = localisation_data.records[:3]
    classes = {record.image_id: [4, 0, 2][:at] for at, record in enumerate(records, start=1)}
    found = list(localise(detector, records, classes))
    assert [one.image_id for one in found] == [record.image_id for record in records]
    assert [one.labels.tolist() for one in found] == [[4], [4, 0], [4, 0, 2]]
    for one, record in zip(found, records):
        assert (one.boxes >= 0).all()
        assert (one.boxes[:, 2:] <= [record.width, record.height]).all()


def test_of_several_sizes_the_likeliest_counts(tiny_localiser, localisation_data):
    detector = load_detector(tiny_localiser, "tv", "cpu")
    records = localisation_data.records[:2]
    classes = {record.image_id: [0, 1, 2] for record in records}
    alone = [list(localise(detector, records, classes, [size])) for size in (48, 80)]
    both = list(localise(detector, records, classes, [48, 80]))
    for one, two, best in zip(*alone, both):
        assert best.scores.tolist() == np.maximum(one.scores, two.scores).tolist()
        larger = (two.scores > one.scores)[:, None]
        assert not np.array_equal(one.boxes, two.boxes)
        assert np.array_equal(best.boxes, np.where(larger, two.boxes, one.boxes))


def test_the_centre_alone(tiny_localiser, localisation_data):
    detector = load_detector(tiny_localiser, "tv", "cpu")
    record = localisation_data.records[0]
    (one,) = localise(detector, [record], {record.image_id: [0, 1, 2, 3]}, crop=True)
    side = round(record.height * 224 / 256)
    begin = (record.height - side) // 2
    assert (one.boxes >= begin).all()
    assert (one.boxes <= begin + side).all()


def test_a_detector_is_no_localiser(tiny_checkpoint, localisation_data):
    detector = load_detector(tiny_checkpoint, "tv", "cpu")
    with pytest.raises(ValueError, match=r"must be of a localiser \(MODEL\.META_ARCHITECTURE"):
        list(localise(detector, localisation_data.records[:1], {}))
