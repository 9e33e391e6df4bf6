"""VGG against torchvision's, and what it needs of an image."""

import math

import pytest
import torch
import torchvision

import backbones

VGGS = ("vgg16", "vgg16_bn", "vgg19", "vgg19_bn")


@pytest.fixture(scope="module")
def wide_layers():
    """The 119 million weights that all VGGs share here: drawing them is what takes long."""
    noise = torch.randn(2**20, generator=torch.Generator().manual_seed(0))
    shapes = {"classifier.0.weight": (4096, 25088), "classifier.3.weight": (4096, 4096)}
    return {
        key: (noise * (2 / shape[1]) ** 0.5).repeat(math.prod(shape) // 2**20).reshape(shape)
        for key, shape in shapes.items()
    }


@pytest.mark.parametrize("name", VGGS)
def test_logits_of_vgg_equal_torchvision(name, wide_layers, assert_same_logits):
    torch.manual_seed(0)
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)(num_classes=10)
    weights = dict(wide_layers)
    for key, value in theirs.state_dict().items():
        if value.ndim > 1 and key not in weights:
            weights[key] = torch.randn(value.shape) * (2 / value[0].numel()) ** 0.5
        elif key not in weights:
            weights[key] = torch.empty(value.shape).uniform_(0.8, 1.2).to(value.dtype)
    theirs.load_state_dict(weights, assign=True)
    assert_same_logits(name, theirs)


def test_a_vgg_needs_32_pixels():
    model = backbones.create("vgg16", width=0.01, num_classes=3).eval()
    assert model(torch.zeros(1, 3, 32, 40)).shape == (1, 3)
    with pytest.raises(ValueError, match="at least 32x32 pixels for a VGG, got 31x40"):
        model(torch.zeros(1, 3, 40, 31))


def test_vgg_with_a_norm_has_two_spellings_and_an_eps():
    options = {"width": 0.125, "num_classes": 4, "eps": 1e-3}
    model = backbones.create("vgg16_bn", **options)
    assert model.conv1.norm1.eps == 1e-3
    assert model.arch == backbones.create("vgg16", norm="bn", **options).arch
    expected = {"name": "vgg16", "width": 0.125, "norm": "bn", "dropout": 0.5, "eps": 1e-3}
    assert model.arch == expected
    twin = backbones.create(**model.arch, num_classes=4)
    twin.load_state_dict(model.state_dict())
    assert backbones.create("vgg19_bn", width=0.125, norm="gn").arch["norm"] == "gn"
    assert "eps" not in backbones.create("vgg16", width=0.125).arch
    with pytest.raises(ValueError, match=r"norm must be one of frozen, bn, .* got None"):
        backbones.create("vgg19_bn", norm=None)


@pytest.mark.parametrize(
    ("size", "last"), [((1, 40), (1, 2)), ((9, 3), (1, 1)), ((33, 50), (2, 3))]
)
def test_a_narrow_image_keeps_a_row_in_every_stage_of_vgg(size, last):
    trunk = backbones.create("vgg16", width=0.02).trunk("conv5").eval()
    with torch.no_grad():
        assert trunk(torch.rand(1, 3, *size))["conv5"].shape[-2:] == last


def test_conv5_of_vgg_ends_before_pool5():
    model = backbones.create("vgg16", width=0.125)
    layers = [name for name, _ in model.conv5.named_children()]
    assert (layers[0], layers[-1]) == ("pool", "relu3")
