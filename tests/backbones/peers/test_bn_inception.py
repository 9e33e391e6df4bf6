"""BN-Inception: the figure's channels, and modules of any size."""

import pytest
import torch

import backbones
from backbones.peers.bn_inception import CAFFE, FIGURE_5, Row


def test_each_module_hands_on_what_the_figure_says():
    with torch.device("meta"):
        model = backbones.create("bn_inception")
        counted = backbones.count(model, 224)
        outputs = [m.out_channels for s in ("res3", "res4", "res5") for m in model.stages()[s]
                   if hasattr(m, "out_channels")]  # fmt: skip
    assert outputs == [256, 320, 576, 576, 576, 576, 576, 1024, 1024, 1024]
    assert [p.output[1] for p in counted.stages[:5]] == [56, 56, 28, 14, 7]


def test_the_published_network_projects_to_more_channels():
    assert {s for s in CAFFE if CAFFE[s] != FIGURE_5[s]} == {"res4"}
    res4 = CAFFE["res4"]
    assert {n for n in res4 if res4[n] != FIGURE_5["res4"][n]} == {"inception4c", "inception4d"}
    with torch.device("meta"):
        assert backbones.create("bn_inception_caffe").res5.inception4e.out_channels == 1056


@pytest.mark.parametrize("size", [(64, 96), (65, 97), (70, 83), (110, 61)])
def test_a_module_that_halves_takes_odd_maps(size):
    model = backbones.create("bn_inception", width=0.02, num_classes=2).eval()
    with torch.no_grad():
        assert model(torch.randn(1, 3, *size)).shape == (1, 2)


def test_the_last_place_of_an_odd_side_is_seen_once_more():
    module = backbones.create("bn_inception", width=0.02).eval().res4.inception3c
    channels = module.reduce3x3.conv.in_channels
    x = torch.zeros(1, channels, 5, 5)
    x[..., -1, -1] = 7
    with torch.no_grad():
        passed = module(x)[:, -channels:]
    assert passed.shape[-2:] == (3, 3)
    assert passed[..., -1, -1].eq(7).all()
    assert passed.sum() == 4 * 7 * channels  # two windows a side hold it


def test_no_channel_stays_none():
    assert Row(0, 128, 160, 64, 96, 0, average=False).scaled(0.5) == Row(
        0, 64, 80, 32, 48, 0, average=False
    )
