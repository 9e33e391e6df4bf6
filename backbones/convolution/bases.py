"""The bases in which Winograd's algorithm multiplies, as matrices; imports no torch.

Output is made in tiles of 4x4, each of a patch of 6x6. In the basis of a patch what a filter does
to it is 36 products, one a place, where the sum as it is written has 144.
Source: Lavin and Gray 2016, Fast Algorithms for Convolutional Neural Networks, F(4x4, 3x3).
Deviation: polynomials are read at 0, +-sqrt(1/2), +-sqrt(2), not 0, +-1, +-2: half the error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIDE = 4  # of a tile
PLACES = (SIDE + 2) ** 2
_POINTS = np.array([0.0, 0.5**0.5, -(0.5**0.5), 2**0.5, -(2**0.5)])

Matrix = NDArray[np.float64]


class Bases(NamedTuple):
    """Into the basis from a patch (36, 36) and a filter (36, 9), out of it to a tile (16, 36)."""

    patch: Matrix
    filter: Matrix
    tile: Matrix


def _bases() -> Bases:
    apart = _POINTS[:, None] - _POINTS + np.eye(len(_POINTS))
    scale = np.append(apart.prod(axis=1), 1.0)[:, None]
    patch = np.linalg.inv(_powers(SIDE + 2)).T * scale
    return Bases(*(np.kron(m, m) for m in (patch, _powers(3) / scale, _powers(SIDE).T)))


def _powers(number: int) -> Matrix:
    """Of each point, and of infinity."""
    return np.vstack([_POINTS[:, None] ** np.arange(number), np.eye(number)[-1]])


BASES = _bases()
