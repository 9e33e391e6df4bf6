"""Which part of a detector is its network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from resdet.export.exportable import load_exportable


def test_layers_have_the_names_of_the_checkpoint_and_the_rest_stays_outside(
    plain: Any, exported: tuple[Path, Path]
) -> None:
    from resdet.export.int8.layers import layers, outside
    from resdet.export.int8.search import named_layers

    known, kept = layers(plain), set(outside(plain))
    assert set(known) == set(named_layers(load_exportable(exported[0]).model))
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
