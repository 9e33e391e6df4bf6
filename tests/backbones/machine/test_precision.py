from __future__ import annotations

import pytest
import torch

from backbones.machine.precision import PRECISIONS, autocast, dtype, processor_has_bf16

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_products_are_of_the_precision_asked_for(precision) -> None:
    x = torch.ones(2, 2)
    with autocast(CPU, precision):
        assert (x @ x).dtype == dtype(precision)
    assert (x @ x).dtype == torch.float32


def test_weights_are_cast_once_or_each_time() -> None:
    for cached in (True, False):
        with autocast(CPU, "bf16", cached=cached):
            assert torch.is_autocast_cache_enabled() is cached


@pytest.mark.parametrize(("avx512", "amx"), [(False, False), (True, False), (False, True)])
def test_a_processor_has_bf16_by_either_of_its_instructions(monkeypatch, avx512, amx):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert processor_has_bf16() is (avx512 or amx)
