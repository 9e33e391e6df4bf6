"""Between loader, engine and host."""

from __future__ import annotations

import torch

from resdet.engines.samples import in_own_pixels, to_host


def test_boxes_come_back_in_pixels_of_the_file_and_inside_it() -> None:
    sample = {"image": torch.zeros(3, 50, 100), "height": 100, "width": 300, "image_id": "a"}
    boxes = torch.tensor([[10.0, 10, 20, 20], [90.0, 40, 130, 60]])
    found = in_own_pixels((boxes, torch.tensor([0, 1]), torch.tensor([0.9, 0.5])), sample)
    assert found.boxes.tolist() == [[30, 20, 60, 40], [270, 80, 300, 100]]


def test_detections_of_all_images_come_over_together_and_apart_again() -> None:
    first = torch.tensor([[0.0, 1, 2, 3]]), torch.tensor([4]), torch.tensor([0.5])
    none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0)
    low = tuple(t.bfloat16() if t.is_floating_point() else t for t in first)
    for found, expected in zip(to_host([none, low, first]), [none, first, first], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
        assert [t.dtype for t in found] == [torch.float32, torch.int64, torch.float32]
