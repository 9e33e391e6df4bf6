"""Products of what is put together, made part by part: the same is found, of as many rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

openvino = pytest.importorskip("openvino")
from openvino import opset13 as ops  # noqa: E402

from backbones.export.openvino_parts import by_parts  # noqa: E402

CHANNELS, SIDE, OUT = 3, 2, 5
LENGTH = CHANNELS * SIDE**2
Node = Any


def _drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def _model(
    rounds: bool = False, ranges: int = 1, axis: int = 0, turned: bool = True, twice: bool = False
) -> Node:
    """Two inputs of any number of regions, put together, a product of each, and what else."""
    parts = [ops.parameter([-1, CHANNELS, SIDE, SIDE], np.float32) for _ in range(2)]
    together = ops.concat(parts, axis)
    length = LENGTH * (2 if axis else 1)
    rows = ops.reshape(together, ops.constant(np.array([-1, length])), False)
    if rounds:
        low, high = (ops.constant(np.full((1, ranges), x, np.float32)) for x in (-1, 1))
        rows = ops.fake_quantize(rows, low, high, low, high, 16)
    weight = _drawn(OUT, length) if turned else _drawn(length, OUT)
    made = ops.relu(ops.matmul(rows, ops.constant(weight), False, turned))
    results = [made, together] if twice else [made]
    return openvino.Model([ops.result(result) for result in results], parts)


def _kinds(model: Node, kind: str) -> int:
    return sum(node.get_type_name() == kind for node in model.get_ops())


def _run(model: Node, given: list[np.ndarray]) -> np.ndarray:
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    return np.array(openvino.Core().compile_model(model, "CPU", options)(given)[0])


@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("rounds", [False, True])
@pytest.mark.parametrize("regions", [(4, 3), (0, 2), (5, 0), (0, 0)], ids=str)
def test_it_finds_the_same(regions: tuple[int, int], rounds: bool, turned: bool) -> None:
    given = [_drawn(number, CHANNELS, SIDE, SIDE) for number in regions]
    expected = _run(_model(rounds, turned=turned), given)
    model = by_parts(_model(rounds, turned=turned))
    assert (_kinds(model, "MatMul"), _kinds(model, "FakeQuantize")) == (2, 2 * rounds)
    found = _run(model, given)
    assert found.shape == expected.shape == (sum(regions), OUT)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"axis": 1}, {"twice": True}, {"rounds": True, "ranges": LENGTH}],
    ids=["of channels", "read by others too", "rounded by column"],
)
def test_what_it_leaves_as_it_is(options: dict[str, Any]) -> None:
    assert _kinds(by_parts(_model(**options)), "MatMul") == 1
