"""bfloat16 where the processor has it, and only there."""

import pytest
import torch

from backbones.machine import distributed, precision
from resdet import config
from resdet.training.fitting_precision import AMP, fit_precision


@pytest.fixture
def processor(monkeypatch):
    """Say whether it has bf16, and what trains."""

    def say(has, device="cpu"):
        monkeypatch.setattr(precision, "processor_has_bf16", lambda: has)
        monkeypatch.setattr(distributed, "device", lambda name: torch.device(device))

    return say


def test_a_processor_with_bf16_trains_in_it_and_says_so(processor):
    processor(True)
    pairs, (line,) = fit_precision(config.load("own_r18"), [])
    assert pairs == [AMP[0], "True"]
    assert "--precision fp32 undoes it" in line
    assert config.load("own_r18", pairs).SOLVER.AMP.ENABLED is True


def test_one_without_trains_in_fp32_what_a_gpu_would_not(processor):
    processor(False)
    assert fit_precision(config.load("own_r18"), []) == ([], [])
    told = fit_precision(config.load("own_r50_fpn"), [])
    assert told == ([AMP[0], "False"], ["numbers  fp32: this processor has no bf16"])


def test_a_gpu_and_what_the_user_says_stay(processor):
    processor(True, "cuda")
    assert fit_precision(config.load("own_r18"), []) == ([], [])
    processor(True)
    assert fit_precision(config.load("own_r18"), [AMP[0]]) == ([], [])
    assert fit_precision(config.load("own_r50_fpn"), []) == ([], [])  # it says bf16 itself
    halved = ["SOLVER.AMP.PRECISION", "fp16"]
    assert fit_precision(config.load("own_r18", halved), []) == ([], [])
