from __future__ import annotations

import pytest
import torch

from backbones.machine.precision import DTYPES, autocast

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", DTYPES)
def test_products_are_of_the_precision_asked_for(precision) -> None:
    x = torch.ones(2, 2)
    with autocast(CPU, precision):
        assert (x @ x).dtype == DTYPES[precision]
    assert (x @ x).dtype == torch.float32


def test_weights_are_cast_once_or_each_time() -> None:
    for cached in (True, False):
        with autocast(CPU, "bf16", cached=cached):
            assert torch.is_autocast_cache_enabled() is cached
