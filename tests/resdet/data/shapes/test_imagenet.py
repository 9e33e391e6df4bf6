"""The shapes in ImageNet's trees."""

from resdet.data.discover import discover
from resdet.data.shapes.imagenet import WORDNET_IDS
from resdet.data.shapes.make import make_shape_imagenet
from resdet.data.voc.reader import load_voc


def test_trees_hold_what_the_shapes_have(shapes, tmp_path):
    root = tmp_path / "ILSVRC"
    assert make_shape_imagenet(shapes, root)
    assert not make_shape_imagenet(shapes, root)
    own = {split: load_voc(shapes, split) for split in ("train", "val", "test")}
    det = discover(root / "Annotations" / "DET")
    assert det.class_names == WORDNET_IDS
    objects = {split: sum(len(r.ground_truth) for r in own[split].records) for split in own}
    assert sum(len(r.ground_truth) for r in det.load("train").records) == objects["train"]
    assert det.counts["val"] == len(own["val"]) + len(own["test"])
    loc = discover(root / "Annotations" / "CLS-LOC").load("train")
    for record in loc.records:
        assert len({*record.ground_truth.labels.tolist()}) == 1
        assert WORDNET_IDS[record.ground_truth.labels[0]] in str(record.image_id)
