"""Winograd's bases: products in them are what a filter does to a patch."""

import numpy as np

from backbones.convolution.bases import BASES, PLACES, SIDE


def test_products_are_a_tile():
    random = np.random.default_rng(0)
    patch, weight = random.standard_normal((SIDE + 2, SIDE + 2)), random.standard_normal((3, 3))
    products = (BASES.patch @ patch.ravel()) * (BASES.filter @ weight.ravel())
    assert products.shape == (PLACES,)
    expected = [
        [(patch[y : y + 3, x : x + 3] * weight).sum() for x in range(SIDE)] for y in range(SIDE)
    ]
    np.testing.assert_allclose((BASES.tile @ products).reshape(SIDE, SIDE), expected, atol=1e-12)
