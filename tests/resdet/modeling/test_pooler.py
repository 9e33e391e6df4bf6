"""Regions cropped out of features, at the level of their size."""

from __future__ import annotations

import pytest
import torch

from resdet.modeling.pooler import Pooler, region_levels


def test_pooled_region_of_a_ramp_is_the_ramp_at_the_bin_centres() -> None:
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)  # value = column
    box = torch.tensor([[2.0, 2.0, 6.0, 6.0]])
    # bins of 2 pixels centred on x = 3 and 5; a pixel's centre is at column + 0.5 (V2)
    aligned = Pooler({"f": 1}, 2, 0, "ROIAlignV2")({"f": ramp}, [box])
    assert torch.allclose(aligned[0, 0, 0], torch.tensor([2.5, 4.5]))
    shifted = Pooler({"f": 1}, 2, 0, "ROIAlign")({"f": ramp}, [box])
    assert torch.allclose(shifted[0, 0, 0], torch.tensor([3.0, 5.0]))
    # columns 2..6 in two overlapping bins; the maximum of each
    largest = Pooler({"f": 1}, 2, 0, "ROIPool")({"f": ramp}, [box])
    assert largest[0, 0, 0].tolist() == [4.0, 6.0]


def test_an_unknown_pooler_is_refused() -> None:
    with pytest.raises(ValueError, match="POOLER_TYPE must be .* got 'ROIWarp'"):
        Pooler({"f": 1}, 2, 0, "ROIWarp")


def test_levels_follow_equation_1() -> None:
    sides = torch.tensor([10.0, 111.9, 112.0, 224.0, 448.0, 2000.0])
    boxes = torch.stack([torch.zeros(6), torch.zeros(6), sides, sides], dim=1)
    assert region_levels(boxes, [4, 8, 16, 32]).tolist() == [0, 0, 1, 2, 3, 3]


def test_a_pyramid_pools_each_region_from_its_level_in_order() -> None:
    features = {
        f"p{i}": torch.full((2, 3, 512 // 2**i, 512 // 2**i), float(i)) for i in range(2, 6)
    }
    strides = {f"p{i}": 2**i for i in range(2, 6)}
    big, small = [0.0, 0.0, 448.0, 448.0], [0.0, 0.0, 20.0, 20.0]
    boxes = [torch.tensor([big, small]), torch.tensor([small])]
    pooled = Pooler(strides, 1, 2, "ROIAlign")(features, boxes)
    assert pooled.shape == (3, 3, 1, 1)
    assert pooled[:, 0, 0, 0].tolist() == [5.0, 2.0, 2.0]
