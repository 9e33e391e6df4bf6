"""Products of matrices of an OpenVINO model, made of each part of what is put together for them.

Regions of a pyramid's levels are such parts: whole, they take time and memory to be put together,
to be put into another layout and, where weights are int8, to be rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from backbones.export.openvino_ir import openvino

ops = openvino.opset13


class _Whole(NamedTuple):
    """What reads the parts put together: the operators, and the length of a row of their matrix."""

    together: Any
    rounded: Any | None
    product: Any
    length: int


def by_parts(model: Any) -> Any:
    """The model, changed to make such products part by part: it finds the same."""
    for whole in [*_wholes(model)]:
        made = [_product(part, whole) for part in whole.together.input_values()]
        rows = ops.concat(made, 0)
        for reader in whole.product.output(0).get_target_inputs():
            reader.replace_source_output(rows.output(0))
    return model


def _wholes(model: Any) -> Iterator[_Whole]:
    for product in model.get_ops():
        if product.get_type_name() != "MatMul" or product.get_attributes()["transpose_a"]:
            continue
        rounded = _source(product, "FakeQuantize")
        if rounded is not None and not _is_of_one_range(rounded):
            continue
        rows = _source(product if rounded is None else rounded, "Reshape")
        together = None if rows is None else _source(rows, "Concat")
        if rows is None or together is None or together.get_attributes()["axis"] != 0:
            continue
        _, *inside = together.get_output_partial_shape(0)
        matrix = rows.get_output_partial_shape(0)
        if len(matrix) == 2 and not any(axis.is_dynamic for axis in inside):
            length = int(np.prod([axis.get_length() for axis in inside]))
            if matrix[1] == length:
                yield _Whole(together, rounded, product, length)


def _source(node: Any, kind: str) -> Any | None:
    """What a node reads, if it is of this kind and nothing else reads it."""
    source = node.input_value(0)
    alone = len(source.get_target_inputs()) == 1
    return source.get_node() if alone and source.get_node().get_type_name() == kind else None


def _is_of_one_range(rounded: Any) -> bool:
    limits = (value.get_partial_shape() for value in rounded.input_values()[1:])
    return all(shape.is_static and np.prod(shape.to_shape()) == 1 for shape in limits)


def _product(part: Any, whole: _Whole) -> Any:
    if whole.rounded is not None:
        levels = whole.rounded.get_attributes()["levels"]
        part = ops.fake_quantize(part, *whole.rounded.input_values()[1:], levels)
    row = ops.constant(np.array([-1, whole.length], np.int64))
    turned = whole.product.get_attributes()["transpose_b"]
    return ops.matmul(ops.reshape(part, row, False), whole.product.input_value(1), False, turned)
