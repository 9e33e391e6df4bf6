"""What `convert` writes is read by detectron2's own readers."""

import numpy as np
import pytest

from resdet.data.convert import convert, for_form
from resdet.data.discover import discover
from resdet.data.programs import words_for

pytestmark = pytest.mark.detectron2


@pytest.mark.parametrize("form", ["coco", "voc"])
def test_the_boxes_are_ours(shapes_root, tmp_path, form):
    pytest.importorskip("detectron2.data")
    out = tmp_path / form
    convert(for_form(discover(shapes_root), form), out, form, words=words_for("detectron2", form))
    if form == "coco":
        from detectron2.data.datasets.coco import load_coco_json

        read = load_coco_json(str(out / "annotations/instances_test.json"), str(out / "images"))
    else:
        from detectron2.data.datasets.pascal_voc import load_voc_instances

        read = load_voc_instances(str(out), "test", list(discover(shapes_root).class_names))
    ours = discover(shapes_root).load("test").records
    assert len(read) == len(ours)
    for theirs, own in zip(read, ours):
        boxes = np.array([thing["bbox"] for thing in theirs["annotations"]], float).reshape(-1, 4)
        corners = boxes if form == "voc" else np.c_[boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]
        np.testing.assert_allclose(corners, own.ground_truth.boxes, atol=1e-6)
