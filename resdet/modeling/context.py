"""What the whole image shows, beside what each region shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

CONTEXT_HEADS = "ContextROIHeads"  # the value of MODEL.ROI_HEADS.NAME that asks for it


def with_context(
    describe: Callable[[Sequence[Tensor]], Tensor],
    boxes: Sequence[Tensor],
    sizes: Sequence[tuple[int, int]],
) -> Tensor:
    """Each region's vector, and behind it that of a region as large as its image.

    `describe` takes the boxes of all images to one vector a box; `sizes` are (height, width).

    Shape: N boxes (R_i, 4), describe: -> (sum R_i, C) -> (sum R_i, 2 * C).
    Source: He et al. 2016, Appendix B, "Global context".
    """
    whole = [box.new_tensor([[0, 0, width, height]]) for box, (height, width) in zip(boxes, sizes)]
    described = describe([torch.cat(pair) for pair in zip(boxes, whole)])
    rows = []
    for part in torch.split(described, [len(box) + 1 for box in boxes]):
        regions, image = part[:-1], part[-1:]
        rows.append(torch.cat([regions, image.expand_as(regions)], dim=1))
    return torch.cat(rows)
