"""VOC data of any size, made by chance."""

import numpy as np

from resdet.benchmarks.synthetic import make_voc
from resdet.data.voc.reader import load_voc
from resdet.structures.classes import VOC_CLASSES


def test_synthetic_data_are_what_they_say(tmp_path):
    table = make_voc(tmp_path / "VOC2007", num_images=30, num_detections=900, seed=4)
    data = load_voc(tmp_path / "VOC2007", "test", images=False)
    assert (len(data), len(table), data.class_names) == (30, 900, VOC_CLASSES)
    assert [r.image_id for r in data.records] == list(table.image_ids)
    difficult = np.concatenate([r.ground_truth.difficult for r in data.records])
    assert 0.05 < difficult.mean() < 0.4
    boxes = np.concatenate([r.ground_truth.boxes for r in data.records])
    limits = np.tile([500, 375], 2)
    for found in (boxes, table.boxes):
        assert (found[:, 2:] >= found[:, :2]).all()
        assert (found >= 0).all()
        assert (found <= limits).all()
    assert (table.boxes == table.boxes.astype(np.float32)).all()
    assert (table.scores == table.scores.astype(np.float32)).all()
    again = make_voc(tmp_path / "again", num_images=30, num_detections=900, seed=4)
    np.testing.assert_array_equal(table.boxes, again.boxes)
    assert (
        make_voc(tmp_path / "b", num_images=30, num_detections=900).boxes[0, 0] != again.boxes[0, 0]
    )
