"""What of a timed detector is counted, and in which precision it learns."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from resdet.benchmarks import detector_timing
from resdet.benchmarks.detector_task import Task

TASK = Task("infer", "R-50-FPN", "w.pth", side=96, calls=2)


def test_pictures_and_objects():
    (picture,), _ = detector_timing.images_of(TASK)
    assert (picture.shape, picture.dtype) == ((3, 96, 128), torch.uint8)
    boxes, labels = detector_timing.objects(96)
    assert len(boxes) == len(labels) == 5
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert boxes.max() <= 96


def test_a_call_is_timed_counted_and_its_costs_named():
    layer, seen = nn.Linear(64, 64), []

    def call(value):
        seen.append("call")
        return layer(value)

    inputs = [torch.randn(100, 64)] * 3
    task = replace(TASK, profiled=True)
    result = detector_timing.timed(call, inputs, task, prepare=lambda: seen.append("prepare"))
    assert seen == ["call", "prepare", *["call"] * 5]  # counted; warm, timed thrice, profiled
    assert len(result["seconds"]) == 3
    assert min(result["seconds"]) > 0
    assert len(result["processor_seconds"]) == 3
    assert result["operations"] == 2 * 100 * 64 * 64
    assert "aten::addmm" in [cost["name"] for cost in result["profile"]]
    shares = [cost["share"] for cost in result["profile"]]
    assert shares == sorted(shares, reverse=True)
    assert 0.3 < sum(shares) <= 1.001
    assert "profile" not in detector_timing.timed(call, inputs, TASK)


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_steps_learn_in_the_precision_asked_for(precision, dtype):
    torch.manual_seed(0)
    frozen, learning = nn.Linear(8, 8).requires_grad_(False), nn.Linear(8, 8)
    before, types = learning.weight.detach().clone(), set()

    def losses(value):
        out = learning(frozen(value))
        types.add(out.dtype)
        return {"a": (out**2).sum() * 1e3, "b": out.sum()}

    model = nn.Sequential(frozen, learning)
    task = replace(TASK, work="train", precision=precision)
    detector_timing.timed_steps(model, losses, [torch.randn(4, 8)], task)
    assert types == {dtype}
    assert not torch.equal(before, learning.weight)
