"""The layers of a detector in an OpenVINO model, by the names that they have in the checkpoint."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

_WEIGHTED = ("Convolution", "GroupConvolution", "MatMul")
# what NNCF may put into int8 between layers: sums and means of what they give
_BETWEEN = ("Add", "Relu", "MaxPool", "AvgPool", "ReduceMean")
_POOLS_REGIONS = ("ROIAlign", "ROIPooling")  # whose other inputs are boxes


def layers(model: Any) -> dict[str, list[Any]]:
    """The operators that hold weights, by layer; one layer may be at work in several places."""
    found: dict[str, list[Any]] = {}
    for operator in model.get_ordered_ops():
        if operator.get_type_name() in _WEIGHTED:
            weight = operator.input_value(1).get_node()
            while weight.get_type_name() in ("Convert", "Reshape", "Transpose"):
                weight = weight.input_value(0).get_node()
            if weight.get_type_name() == "Constant":
                name = weight.get_friendly_name().removeprefix("model.").removesuffix(".weight")
                found.setdefault(name, []).append(operator)
    return found


def outside(model: Any, in_float: Collection[str] = ()) -> list[str]:
    """The operators that stay in float: all that lie on no path from layer to layer.

    So do the resizing, anchors, boxes, scores and suppression, and the layers `in_float`.
    """
    of_layers = layers(model)
    weighted = {_key(node) for nodes in of_layers.values() for node in nodes}
    kept = {_key(node) for name in in_float for node in of_layers[name]}
    ordered = model.get_ordered_ops()
    before, after = set(weighted), set(weighted)
    for operator in reversed(ordered):
        if _key(operator) in before:
            before |= {_key(node) for node in _features(operator)}
    for operator in ordered:
        if any(_key(node) in after for node in _features(operator)):
            after.add(_key(operator))
    between = {_key(o) for o in ordered if o.get_type_name() in _BETWEEN} & before & after
    return sorted({_key(o) for o in ordered} - between - (weighted - kept))


def _key(node: Any) -> str:
    return str(node.get_friendly_name())


def _features(operator: Any) -> Iterator[Any]:
    """What feeds an operator with numbers, sizes and boxes aside."""
    pools = operator.get_type_name() in _POOLS_REGIONS
    for at in range(1 if pools else operator.get_input_size()):
        value = operator.input_value(at)
        if value.get_element_type().is_real():
            yield value.get_node()
