"""How much of what each layer gives is rounding, where all before it is in float."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.export.openvino_ir import openvino
from resdet.export.int8.layers import layers

ops = openvino.opset13
_ROUNDS = "FakeQuantize"


def rounding(
    quantised: Any, plain: Any, images: Iterable[NDArray[Any]], threads: int
) -> dict[str, float]:
    """The root mean square of int8's error over that of the values, by layer, largest first.

    One graph has both: the whole network in float, and beside each layer the same in int8, which
    is fed by the float one before it.
    """
    network, beside = plain.clone(), _operators(quantised.clone())
    in_float = _operators(network)
    for operator in beside.values():
        if operator.get_type_name() == _ROUNDS:
            value = _unrounded(operator.input_value(0))
            source = in_float[value.get_node().get_friendly_name()]
            operator.input(0).replace_source_output(source.output(value.get_index()))
    pairs = [
        (name, exact, beside[exact.get_friendly_name()])
        for name, nodes in layers(network).items()
        for exact in nodes
        if _is_rounded(beside[exact.get_friendly_name()])
    ]
    errors = [ops.result(_share(node, exact)) for _, exact, node in pairs]
    compared = openvino.Model(errors, network.get_parameters())
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    run = openvino.Core().compile_model(compared, "CPU", options)
    shares = np.mean([[float(value) for value in run([image]).values()] for image in images], 0)
    worst: dict[str, float] = {}
    for (name, _, _), share in zip(pairs, np.sqrt(shares).tolist()):
        worst[name] = max(share, worst.get(name, 0.0))
    return dict(sorted(worst.items(), key=lambda item: -item[1]))


def _operators(model: Any) -> dict[str, Any]:
    return {operator.get_friendly_name(): operator for operator in model.get_ordered_ops()}


def _unrounded(value: Any) -> Any:
    while value.get_node().get_type_name() == _ROUNDS:
        value = value.get_node().input_value(0)
    return value


def _is_rounded(layer: Any) -> bool:
    """Whether what a layer reads was rounded, at once or some steps before that change no value."""
    moves = ("Reshape", "Transpose", "MaxPool", "Slice", "StridedSlice", "Squeeze", "Unsqueeze")
    node = layer.input_value(0).get_node()
    while node.get_type_name() in moves:
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == _ROUNDS)


def _share(node: Any, exact: Any) -> Any:
    """The mean square of the error over that of the values."""
    error = ops.subtract(node, exact)
    return ops.divide(_mean_square(error), _mean_square(exact))


def _mean_square(node: Any) -> Any:
    axes = ops.constant(np.arange(len(node.output(0).get_partial_shape())))
    return ops.reduce_mean(ops.multiply(node, node), axes, False)
