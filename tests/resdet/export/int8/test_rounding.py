"""What each layer loses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_every_layer_in_int8_loses_a_little(
    plain: Any, quantised: Any, pictures: list[Path], read: Callable[[Path], Any]
) -> None:
    from resdet.export.int8.layers import layers
    from resdet.export.int8.rounding import rounding

    before = len(quantised.get_ordered_ops())
    shares = rounding(quantised, plain, map(read, pictures), 1)
    assert set(shares) == set(layers(plain))
    assert [*shares.values()] == sorted(shares.values(), reverse=True)
    assert all(0.0005 < share < 0.2 for share in shares.values()), shares
    assert len(quantised.get_ordered_ops()) == before
    assert set(rounding(plain, plain, map(read, pictures), 1)) == set()
