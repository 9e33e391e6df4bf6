"""Regions pooled row by row, and conv5 begun on the image: what the slow way finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from resdet.engines.tv.regions import ProjectedConv5, Rows
from resdet.modeling.folding import fold
from resdet.modeling.heads import Conv5Head
from resdet.modeling.pooler import Pooler


def boxes_in(height: int, width: int, number: int, seed: int = 0) -> torch.Tensor:
    """Of every size, some outside, one without area."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(number, 2, generator=generator) * torch.tensor([width, height]) - 20
    sides = torch.rand(number, 2, generator=generator) ** 2 * torch.tensor([width, height])
    boxes = torch.cat([corner, corner + sides], 1)
    boxes[0, 2:] = boxes[0, :2]
    return boxes


@pytest.mark.parametrize("kind", ["ROIAlignV2", "ROIAlign"])
@pytest.mark.parametrize("samples", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [7, 14])
def test_rows_pool_as_roi_align_does(kind: str, size: int, samples: int) -> None:
    torch.manual_seed(0)
    pooler = Pooler({"p2": 4, "p3": 8, "p4": 16}, size, samples, kind)
    features = {
        name: torch.randn(2, 5, 320 // stride, 448 // stride)
        for name, stride in pooler.strides.items()
    }
    boxes = [boxes_in(320, 448, 60), boxes_in(320, 448, 50, seed=1)]
    rows = Rows(pooler)
    expected = pooler(features, boxes)
    assert expected.abs().mean() > 0.1
    torch.testing.assert_close(rows(features, boxes), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["ROIAlignV2", "ROIAlign"])
@pytest.mark.parametrize("samples", [0, 2])
def test_rows_pass_gradients_on_as_roi_align_does(kind: str, samples: int) -> None:
    torch.manual_seed(0)
    pooler = Pooler({"p2": 4, "p3": 8}, 7, samples, kind)
    features = {
        name: torch.randn(2, 5, 160 // stride, 224 // stride, requires_grad=True)
        for name, stride in pooler.strides.items()
    }
    boxes = [boxes_in(160, 224, 30), boxes_in(160, 224, 20, seed=1)]
    weight = torch.randn(50, 5, 7, 7)
    inputs = list(features.values())
    expected = torch.autograd.grad((pooler(features, boxes) * weight).sum(), inputs)
    got = torch.autograd.grad((Rows(pooler)(features, boxes) * weight).sum(), inputs)
    for ours, theirs in zip(got, expected):
        assert theirs.abs().mean() > 0.01
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-4)
    none = Rows(pooler)(features, [boxes[0][:0], boxes[1][:0]])
    assert none.shape == (0, 5, 7, 7)
    assert all(not g.any() for g in torch.autograd.grad(none.sum(), inputs))


def test_every_second_bin() -> None:
    pooler = Pooler({"res4": 16}, 14, 0, "ROIAlignV2")
    image, boxes = torch.randn(1, 3, 20, 30), boxes_in(320, 480, 30)
    rois = torch.cat([torch.zeros(30, 1), boxes], 1)
    expected = pooler({"res4": image}, [boxes])[..., ::2, ::2]
    torch.testing.assert_close(Rows(pooler).pool([image], rois, 2), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("stride_in_1x1", [True, False])
def test_conv5_may_begin_on_the_image(stride_in_1x1: bool, random_network: Callable) -> None:
    network = random_network("resnet50", stride_in_1x1=stride_in_1x1, norm="frozen")
    head = Conv5Head(network.res5, network.stage_infos()["res5"].channels)
    pooler = Pooler({"res4": 16}, 14, 0, "ROIAlignV2")
    features = {"res4": torch.randn(2, network.stage_infos()["res4"].channels, 20, 30)}
    boxes = [boxes_in(320, 480, 140), boxes_in(320, 480, 20, seed=1)]
    fast = ProjectedConv5(Rows(pooler), head)
    with torch.inference_mode():
        expected = head(pooler(features, boxes))
        assert expected.std() > 0.01
        for change in (lambda _: None, fold):
            change(head)
            assert ProjectedConv5.fits(head)
            torch.testing.assert_close(fast(features, boxes), expected, atol=1e-4, rtol=1e-4)
        assert fast(features, [boxes[0][:0], boxes[1][:0]]).shape == (0, head.out_channels)


def test_conv5_that_begins_on_the_image_learns_the_same(random_network: Callable) -> None:
    network = random_network("resnet50", norm="frozen")
    for block in network.res5:  # which begin as their shortcuts
        torch.nn.init.kaiming_normal_(block.conv3.weight)
    head = Conv5Head(network.res5, network.stage_infos()["res5"].channels)
    pooler = Pooler({"res4": 16}, 14, 0, "ROIAlignV2")
    image = torch.randn(2, network.stage_infos()["res4"].channels, 20, 30, requires_grad=True)
    boxes = [boxes_in(320, 480, 140), boxes_in(320, 480, 20, seed=1)]
    learns = [image, *(p for p in head.parameters() if p.requires_grad)]
    expected, got = (
        torch.autograd.grad(described.square().mean(), learns)
        for described in (
            head(pooler({"res4": image}, boxes)),
            ProjectedConv5(Rows(pooler), head)({"res4": image}, boxes),
        )
    )
    for ours, theirs in zip(got, expected, strict=True):
        assert theirs.norm() > 0
        assert (ours - theirs).norm() < 1e-3 * theirs.norm()  # a ReLU may fall to the other side


def test_conv5_whose_norms_learn_begins_on_each_region(random_network: Callable) -> None:
    network = random_network("resnet50", norm="bn")
    assert not ProjectedConv5.fits(Conv5Head(network.res5, 8))
