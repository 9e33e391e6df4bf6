"""Anchors as detectron2 makes them."""

from __future__ import annotations

import torch
from torchvision.models.detection.image_list import ImageList

from resdet.engines.tv.anchors import UnroundedAnchors


def test_anchors_are_unrounded_and_sizes_come_before_ratios() -> None:
    cells = UnroundedAnchors([[32, 64]], [[0.5, 1.0]], [16]).generate_anchors([32, 64], [0.5, 1.0])
    half = 32 * 2**0.5 / 2  # ratio 0.5: width 32 * sqrt(2), height half of it
    assert torch.allclose(cells[0], torch.tensor([-half, -half / 2, half, half / 2]))
    assert cells[1].tolist() == [-16, -16, 16, 16]
    assert cells[3].tolist() == [-32, -32, 32, 32]


def test_anchors_keep_the_stride_of_the_network() -> None:
    # 600 pixels under stride 16 make 38 cells; 600 // 38 would be 15
    anchors = UnroundedAnchors([[32]], [[1.0]], [16])
    images = ImageList(torch.zeros(2, 3, 600, 600), [(600, 600), (500, 600)])
    per_image = anchors(images, [torch.zeros(2, 8, 38, 38)])
    assert len(per_image) == 2
    centres = (per_image[0][:, :2] + per_image[0][:, 2:]) / 2
    assert centres[1].tolist() == [16, 0]  # x moves first
    assert centres[-1].tolist() == [37 * 16, 37 * 16]
