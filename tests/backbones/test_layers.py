"""Norms, widths and the first weights of layers."""

import pytest
import torch
from torch import nn

import backbones
from backbones.layers import FrozenBatchNorm2d, make_norm, norm_kind, normed_convs, scale_channels


def test_width_scales_channels_to_multiples_of_8():
    assert [scale_channels(64, w) for w in (1.0, 0.5, 0.3, 0.01)] == [64, 32, 16, 8]
    with pytest.raises(ValueError, match="width must be > 0, got 0"):
        scale_channels(64, 0)
    model = backbones.create("vgg16", width=0.25, num_classes=3)
    assert (model.fc6.in_features, model.fc6.out_features) == (128 * 49, 1024)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("frozen", FrozenBatchNorm2d),
        ("bn", nn.BatchNorm2d),
        ("SyncBN", nn.SyncBatchNorm),
        ("GN", nn.GroupNorm),
    ],
)
def test_norms(kind, expected):
    model = backbones.create("resnet18", width=0.125, norm=kind)
    assert type(model.stem.norm1) is expected
    assert model.arch["norm"] == norm_kind(kind)
    assert model.eval()(torch.randn(1, 3, 32, 32)).isfinite().all()


def test_group_norm_takes_the_most_groups_that_divide():
    assert [make_norm("gn", c).num_groups for c in (8, 24, 40, 64, 80)] == [8, 24, 20, 32, 20]
    with pytest.raises(ValueError, match=r"norm must be one of frozen, bn, .* got 'batch'"):
        make_norm("batch", 8)


def test_frozen_norm_equals_batch_norm_in_eval_and_keeps_memory_format():
    norm = nn.BatchNorm2d(8, eps=0.1).eval()
    for key, value in norm.state_dict().items():
        if key != "num_batches_tracked":
            value.uniform_(0.4, 1.2)
    frozen = FrozenBatchNorm2d.from_batch_norm(norm)
    x = torch.randn(2, 8, 5, 5).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(frozen(x), norm(x))
    assert frozen(x).is_contiguous(memory_format=torch.channels_last)
    assert frozen(x.bfloat16()).dtype == torch.bfloat16
    assert not list(frozen.parameters())


def test_a_convolution_of_another_name_has_no_norm():
    model = nn.Module()
    model.gate, model.conv, model.norm = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)
    assert [(n.conv_name, n.norm) for n in normed_convs(model)] == [
        ("gate", None),
        ("conv", model.norm),
    ]


def test_he_initialisation_uses_fan_out():
    model = backbones.create("resnet18")
    assert model.res5[1].conv1.weight.detach().std() == pytest.approx(
        (2 / (9 * 512)) ** 0.5, rel=0.02
    )
    assert model.res3[0].conv1.weight.detach().std() == pytest.approx(
        (2 / (9 * 128)) ** 0.5, rel=0.02
    )
