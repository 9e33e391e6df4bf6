"""Blocks: what is added, where they stride."""

import pytest
import torch

import backbones


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_shortcuts(shortcut):
    model = backbones.create("resnet18", width=0.125, shortcut=shortcut)
    projections = [n for n, _ in model.named_modules() if n.endswith("shortcut.conv")]
    assert len(projections) == {"A": 0, "B": 3, "C": 8}[shortcut]
    assert model(torch.randn(2, 3, 64, 64)).shape == (2, 1000)


def test_shortcut_a_keeps_the_old_channels_and_zeroes_the_new():
    block = backbones.BasicBlock(8, 16, 2, shortcut="A")
    x = torch.randn(1, 8, 4, 4)
    out = block.shortcut(x)
    assert torch.equal(out[:, :8], x[:, :, ::2, ::2])
    assert not out[:, 8:].any()


def test_a_block_adds_its_input_and_a_plain_one_does_not():
    x = torch.randn(2, 8, 4, 4).abs()
    residual, plain = backbones.BasicBlock(8, 8, 1), backbones.PlainBlock(8, 8, 1)
    bottleneck = backbones.Bottleneck(8, 2, 1)
    for block in (residual, plain, bottleneck):
        last = block.norm3 if block is bottleneck else block.norm2
        torch.nn.init.zeros_(last.weight)
    assert torch.equal(residual(x), x)
    assert torch.equal(bottleneck(x), x)
    assert not plain(x).any()


@pytest.mark.parametrize(("stride_in_1x1", "strides"), [(True, (2, 1)), (False, (1, 2))])
def test_a_bottleneck_strides_once(stride_in_1x1, strides):
    block = backbones.Bottleneck(8, 4, 2, stride_in_1x1=stride_in_1x1)
    assert tuple(conv.stride[0] for conv in (block.conv1, block.conv2)) == strides
    assert block(torch.randn(1, 8, 6, 10)).shape == (1, 16, 3, 5)
