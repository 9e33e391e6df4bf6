from __future__ import annotations

import torch

from resdet.modeling.context import with_context


def test_each_region_stands_beside_its_own_image() -> None:
    boxes = [torch.tensor([[1.0, 1, 2, 3], [0, 0, 4, 4]]), torch.zeros(0, 4), torch.ones(1, 4)]
    asked = []

    def areas(given: list[torch.Tensor]) -> torch.Tensor:
        asked.extend(given)
        boxes = torch.cat(list(given))
        return ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))[:, None]

    found = with_context(areas, boxes, [(10, 20), (5, 5), (3, 7)])
    assert found.tolist() == [[2, 200], [16, 200], [0, 21]]
    assert [a[-1].tolist() for a in asked] == [[0, 0, 20, 10], [0, 0, 5, 5], [0, 0, 7, 3]]
