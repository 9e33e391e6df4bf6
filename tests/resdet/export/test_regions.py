"""What stands in each region: the same vectors, whichever way they are made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from resdet.export import regions
from resdet.modeling.heads import Conv5Head
from resdet.modeling.pooler import Pooler

NAME, REGIONS = "res4", 30


@pytest.mark.parametrize("stride_in_1x1", [True, False])
@pytest.mark.parametrize("norm", ["frozen", "gn"])
@pytest.mark.parametrize("kind", ["ROIAlignV2", "ROIPool"])
def test_regions_are_described(
    monkeypatch: pytest.MonkeyPatch,
    random_network: Callable[..., nn.Module],
    stride_in_1x1: bool,
    norm: str,
    kind: str,
) -> None:
    monkeypatch.setattr(regions, "_AT_ONCE", 100)
    network = random_network("resnet50", stride_in_1x1=stride_in_1x1, norm=norm)
    infos = network.stage_infos()
    head = Conv5Head(network.res5, infos["res5"].channels)
    pooler = Pooler({NAME: 16}, 14, 0, kind)
    features = {NAME: torch.randn(2, infos[NAME].channels, 20, 30)}
    with torch.inference_mode():
        expected = head(pooler.pool(features, _rois()))
        found = regions.describe(pooler, head, features, _rois())
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_of_frozen_bottlenecks_few_channels_are_pooled_at_once(
    monkeypatch: pytest.MonkeyPatch, random_network: Callable[..., nn.Module]
) -> None:
    monkeypatch.setattr(regions, "_AT_ONCE", 100)
    seen = []
    pool = Pooler.pool

    def spy(self: Pooler, features: dict[str, Tensor], rois: Tensor) -> Tensor:
        seen.append(features[NAME].shape[1])
        return pool(self, features, rois)

    monkeypatch.setattr(Pooler, "pool", spy)
    network = random_network("resnet50", norm="frozen")
    infos = network.stage_infos()
    head = Conv5Head(network.res5, infos["res5"].channels)
    features = {NAME: torch.randn(2, infos[NAME].channels, 20, 30)}
    with torch.inference_mode():
        regions.describe(Pooler({NAME: 16}, 14, 0, "ROIAlignV2"), head, features, _rois())
    first = next(head.res5.children())
    assert sum(seen) == first.conv1.out_channels + first.shortcut.conv.out_channels
    assert max(seen) <= 100


def _rois() -> Tensor:
    random = torch.Generator().manual_seed(0)
    image = torch.arange(REGIONS)[:, None] % 2
    corner = torch.rand(REGIONS, 2, generator=random) * torch.tensor([300.0, 200.0])
    side = torch.rand(REGIONS, 2, generator=random) * 150 + 5
    return torch.cat([image, corner, corner + side], dim=1)
