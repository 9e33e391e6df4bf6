"""Files of a network: what they hold and what they say of it."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import _meta_registrations as shapes

from backbones.export.formats import Contract, encode, runner


def test_a_network_that_branches_on_values_is_told_in_a_line() -> None:
    class Branching(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1 if x.float().mean() > 3 else x

    contract = Contract("x", torch.zeros(4, dtype=torch.uint8), {}, {"y": ("",)})
    with pytest.raises(ValueError, match="network must be one that torch.export can hold") as error:
        encode(Branching(), contract, "torch-export")
    assert "\n" not in str(error.value)


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (2 * x,)


@pytest.mark.parametrize(
    "kind",
    ["torch-export", *(pytest.param(k, marks=pytest.mark.slow) for k in ("onnx", "openvino"))],
)
def test_a_file_runs_at_any_size_of_its_axes(kind: str) -> None:
    if kind != "torch-export":
        for package in ("onnx", "onnxruntime", "onnxscript", "openvino"):
            pytest.importorskip(package)
    about = {"resdet_version": "0"}
    axes = {0: ("batch", 1)}
    contract = Contract("x", torch.zeros(2, 3), axes, {"y": ("batch", "")}, about)
    run = runner(encode(Doubled().eval(), contract, kind), kind, contract)
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    (found,) = run(x)
    assert np.array_equal(found, 2 * x)


def test_exporters_are_quiet_and_what_was_changed_is_put_back() -> None:
    logger = logging.getLogger("torch.export")
    before = (logger.level, shapes.div_rtn, F._verify_batch_size)
    encode(Doubled().eval(), Contract("x", torch.zeros(2), {}, {"y": ("",)}), "torch-export")
    assert (logger.level, shapes.div_rtn, F._verify_batch_size) == before
