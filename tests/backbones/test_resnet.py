"""Residual and plain networks: torchvision's numbers, strides, dilation, sizes."""

import pytest
import torch
import torchvision
from torch import nn

import backbones

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def random_statistics(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
            nn.init.uniform_(module.weight, 0.4, 0.6)
            nn.init.uniform_(module.bias, -0.1, 0.1)


def logits(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval()(images)


@pytest.mark.parametrize("name", RESNETS)
def test_logits_equal_torchvision(name, assert_same_logits):
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(num_classes=10)
    random_statistics(theirs)
    assert_same_logits(name, theirs, stride_in_1x1=False)


def test_stride_in_1x1_changes_the_numbers_but_not_the_shapes():
    torch.manual_seed(0)
    paper = backbones.create("resnet50", width=0.125, num_classes=3)
    other = backbones.create("resnet50", width=0.125, num_classes=3, stride_in_1x1=False)
    other.load_state_dict(paper.state_dict())
    images = torch.randn(1, 3, 64, 64)
    assert paper.res3[0].conv1.stride == (2, 2)
    assert other.res3[0].conv2.stride == (2, 2)
    assert (logits(paper, images) - logits(other, images)).abs().max() > 1e-4


def test_a_dilated_res5_is_the_strided_one_between_its_pixels_too():
    torch.manual_seed(0)
    options = {"width": 0.125, "num_classes": 3}
    paper = backbones.create("resnet50", **options).eval().double()
    dilated = backbones.create("resnet50", res5_dilation=2, **options).eval().double()
    assert dilated.stage_infos()["res5"].stride == 16
    assert dilated.arch == {**paper.arch, "res5_dilation": 2}
    dilated.load_state_dict(paper.state_dict())
    images = torch.randn(1, 3, 64, 96, dtype=torch.float64)
    with torch.no_grad():
        coarse = paper.features(images, ["res4", "res5"])
        fine = dilated.features(images, ["res4", "res5"])
    assert torch.equal(fine["res4"], coarse["res4"])
    assert fine["res5"].shape == (1, 256, 4, 6)
    torch.testing.assert_close(fine["res5"][:, :, ::2, ::2], coarse["res5"])
    for name, dilation, known in (("resnet50", 3, "1 or 2"), ("resnet18", 2, "1")):
        with pytest.raises(ValueError, match=f"res5_dilation must be {known} with .* {dilation}"):
            backbones.create(name, res5_dilation=dilation)


@pytest.mark.parametrize("stride_in_1x1", [True, False])
def test_bottleneck_stages_at_full_width(stride_in_1x1):
    with torch.device("meta"):
        model = backbones.create("resnet50", stride_in_1x1=stride_in_1x1)
        features = model.features(torch.empty(1, 3, 224, 224), ["res2", "res5"])
    assert features["res2"].shape == (1, 256, 56, 56)
    assert features["res5"].shape == (1, 2048, 7, 7)


def test_an_odd_size_rounds_up():
    model = backbones.create("resnet18", width=0.125)
    assert model.features(torch.randn(1, 3, 65, 33), ["res4"])["res4"].shape[2:] == (5, 3)


def test_a_plain_network_has_no_shortcut():
    plain = backbones.create("plain18", width=0.125)
    assert not [n for n, _ in plain.named_modules() if "shortcut" in n]
    with pytest.raises(ValueError, match=r"arguments of plain18 must be among .* got shortcut"):
        backbones.create("plain18", shortcut="B")


@pytest.mark.parametrize("name", ["resnet18", "resnet101"])
def test_random_weights_under_frozen_norms_neither_overflow_nor_stand_still(name):
    torch.manual_seed(0)
    model = backbones.create(name, num_classes=3, norm="frozen", width=0.125)
    x = torch.randn(2, 3, 64, 64)
    deepest = model.features(x, ["res5"])["res5"]
    assert 0.05 < deepest.std() < 20
    model(x).square().sum().backward()
    assert all(block.conv2.weight.grad is not None for block in model.res5)
    last = model.res5[-1].conv3 if name == "resnet101" else model.res5[-1].conv2
    assert last.weight.grad.abs().max() > 0
