"""Which part of a detector is its network."""

from __future__ import annotations

from typing import Any


def test_layers_have_the_names_of_the_checkpoint_and_the_rest_stays_outside(plain: Any) -> None:
    from resdet.export.int8.layers import layers, outside

    known, kept = layers(plain), set(outside(plain))
    some = "backbone.stem.conv1", "rpn.head.cls_logits", "roi_heads.box_predictor.bbox_pred"
    assert set(some) <= set(known)
    assert not kept & {node.get_friendly_name() for nodes in known.values() for node in nodes}
    inside = [o for o in plain.get_ordered_ops() if o.get_friendly_name() not in kept]
    assert {o.get_type_name() for o in inside} <= {
        "Convolution",
        "MatMul",
        "Add",
        "Relu",
        "MaxPool",
        "ReduceMean",
    }
    (stem,) = known["backbone.stem.conv1"]
    assert set(outside(plain, ["backbone.stem.conv1"])) - kept == {stem.get_friendly_name()}
