"""Winograd's convolution in an OpenVINO model: what OpenVINO's own finds, where it is worth it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

openvino = pytest.importorskip("openvino")
from openvino import opset13 as ops  # noqa: E402

from backbones.export.openvino_winograd import quickened  # noqa: E402

WIDE, SIZES = 128, [(1, 1), (4, 4), (5, 11), (16, 9), (33, 18)]
Node = Any


def _weight(*shape: int) -> np.ndarray:
    drawn = np.random.default_rng(0).standard_normal(shape)
    return (drawn / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def _convolution(x: Node, weight: Any, stride: int = 1, pad: int = 1, dilation: int = 1) -> Node:
    pads = [pad, pad]
    return ops.convolution(x, weight, [stride] * 2, pads, pads, [dilation] * 2)


def _model(make: Any, *, channels: int = WIDE, sides: tuple[int, int] = (-1, -1)) -> Node:
    x = ops.parameter([-1, *sides, channels], np.float32)
    y = ops.result(make(ops.transpose(x, ops.constant([0, 3, 1, 2]))))
    return openvino.Model([y], [x])


def _run(model: Node, given: np.ndarray) -> np.ndarray:
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    found = openvino.Core().compile_model(model, "CPU", options)([given])[0]
    return np.array(found)


def _convolutions(model: Node) -> int:
    return sum(node.get_type_name() == "Convolution" for node in model.get_ops())


def _two_stages(x: Node) -> Node:
    """Two layers of the size given, one of half of it; bias and ReLU between."""
    for stride in (1, 1, 2):
        if stride == 2:
            x = _convolution(x, _weight(WIDE, WIDE, 1, 1), stride=2, pad=0)
        x = _convolution(x, _weight(WIDE, WIDE, 3, 3))
        x = ops.relu(ops.add(x, ops.constant(_weight(1, WIDE, 1, 1))))
    return x


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_it_finds_the_same(images: int, size: tuple[int, int]) -> None:
    model = _model(_two_stages)
    quick = quickened(model)
    assert (_convolutions(model), _convolutions(quick)) == (4, 1)
    given = np.random.default_rng(1).standard_normal((images, *size, WIDE)).astype(np.float32)
    expected = _run(model, given)
    np.testing.assert_allclose(_run(quick, given), expected, atol=1e-4 * np.abs(expected).max())


def test_weights_of_half_precision_are_read() -> None:
    def make(x: Node) -> Node:
        half = ops.constant(_weight(WIDE, WIDE, 3, 3).astype(np.float16))
        return _convolution(x, ops.convert(half, "f32"))

    model = _model(make)
    quick = quickened(model)
    assert _convolutions(quick) == 0
    given = np.random.default_rng(1).standard_normal((1, 9, 9, WIDE)).astype(np.float32)
    np.testing.assert_allclose(_run(quick, given), _run(model, given), atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"dilation": 2, "pad": 2},
        {"pad": 0},
        {"kernel": 1, "pad": 0},
        {"filters": 64},
        {"sides": (20, 20)},
        {"computed": True},
    ],
    ids=str,
)
def test_other_layers_stay(options: dict[str, Any]) -> None:
    left = dict(options)
    kernel, filters = left.pop("kernel", 3), left.pop("filters", WIDE)
    sides, computed = left.pop("sides", (-1, -1)), left.pop("computed", False)

    def make(x: Node) -> Node:
        weight = ops.constant(_weight(filters, WIDE, kernel, kernel))
        return _convolution(x, ops.relu(weight) if computed else weight, **left)

    quick = quickened(_model(make, sides=sides))
    assert _convolutions(quick) == 1
    assert not any(node.get_type_name() == "Gather" for node in quick.get_ops())


def test_quantised_layers_stay() -> None:
    def make(x: Node) -> Node:
        low, high = (ops.constant(np.float32(value)) for value in (-1, 1))
        weight = ops.fake_quantize(_weight(WIDE, WIDE, 3, 3), low, high, low, high, 255)
        return _convolution(x, weight)

    assert _convolutions(quickened(_model(make))) == 1


def test_layers_stay_whose_maps_depend_on_the_image() -> None:
    def make(x: Node) -> Node:
        largest = ops.reduce_max(x, ops.constant([1, 2, 3]), False)
        some = ops.reshape(ops.non_zero(largest, "i64"), ops.constant([-1]), False)
        return _convolution(ops.gather(x, some, ops.constant(0)), _weight(WIDE, WIDE, 3, 3))

    assert _convolutions(quickened(_model(make))) == 1


def test_a_layer_may_read_one_of_several_outputs() -> None:
    def make(x: Node) -> Node:
        height = ops.constant(np.array([2, -1]))
        above, below = ops.variadic_split(x, ops.constant(2), height).outputs()
        weight = _weight(WIDE, WIDE, 3, 3)
        tall = _convolution(below, weight)
        return ops.concat([_convolution(above, weight), tall], 2)

    model = _model(make)
    quick = quickened(model)
    assert _convolutions(quick) == 0
    given = np.random.default_rng(1).standard_normal((1, 13, 9, WIDE)).astype(np.float32)
    np.testing.assert_allclose(_run(quick, given), _run(model, given), atol=1e-4)
