"""Networks against torchvision's and against their own description."""

import math
import re

import pytest
import torch
import torchvision
from torch import nn

import backbones
from backbones.layers import FrozenBatchNorm2d, make_norm, norm_kind, scale_channels
from backbones.weights.interop import from_torchvision, to_torchvision

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
VGGS = ("vgg16", "vgg16_bn", "vgg19", "vgg19_bn")


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
def test_logits_equal_torchvision(name):
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(num_classes=10)
    random_statistics(theirs)
    assert_same_logits(name, theirs, stride_in_1x1=False)


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
def test_logits_of_vgg_equal_torchvision(name, wide_layers):
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


def assert_same_logits(name: str, theirs: nn.Module, **options) -> None:
    """Theirs in our network, and the names of ours in theirs."""
    images = torch.randn(2, 3, 64, 64)
    expected = logits(theirs, images)
    weights = theirs.state_dict()
    with torch.device("meta"):
        ours = backbones.create(name, num_classes=10, **options)
    ours.load_state_dict(from_torchvision(name, weights), assign=True)
    assert 0.01 < expected.abs().max() < 1e3
    torch.testing.assert_close(logits(ours, images), expected, atol=1e-5, rtol=1e-5)
    back = to_torchvision(name, ours.state_dict())
    assert back.keys() == weights.keys()
    assert all(torch.equal(back[key], weights[key]) for key in back)


def test_stride_in_1x1_changes_the_numbers_but_not_the_shapes():
    torch.manual_seed(0)
    paper = backbones.create("resnet50", width=0.125, num_classes=3)
    other = backbones.create("resnet50", width=0.125, num_classes=3, stride_in_1x1=False)
    other.load_state_dict(paper.state_dict())
    images = torch.randn(1, 3, 64, 64)
    assert paper.res3[0].conv1.stride == (2, 2)
    assert other.res3[0].conv2.stride == (2, 2)
    assert (logits(paper, images) - logits(other, images)).abs().max() > 1e-4


# 1202 layers say nothing that 110 do not, ten times as slowly
@pytest.mark.parametrize("name", [n for n in backbones.names() if n != "cifar_resnet1202"])
@pytest.mark.parametrize("width", [0.125, 0.3])
def test_stages_are_as_described(name, width):
    with torch.device("meta"):
        model = backbones.create(name, width=width, num_classes=3).eval()
        infos = model.stage_infos()
        features = model.features(torch.empty(1, 3, 64, 96), list(infos))
    assert list(features) == list(infos)
    for stage, info in infos.items():
        assert info.name == stage
        assert features[stage].shape == (1, info.channels, 64 // info.stride, 96 // info.stride)
    kind = re.match("[a-z]+", name)[0]
    last_stride = {"vgg": 16, "cifar": 4, "resnet": 32, "plain": 32}[kind]
    assert list(infos.values())[-1].stride == last_stride


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


def test_width_scales_channels_to_multiples_of_8():
    assert [scale_channels(64, w) for w in (1.0, 0.5, 0.3, 0.01)] == [64, 32, 16, 8]
    with pytest.raises(ValueError, match="width must be > 0, got 0"):
        scale_channels(64, 0)
    model = backbones.create("vgg16", width=0.25, num_classes=3)
    assert (model.fc6.in_features, model.fc6.out_features) == (128 * 49, 1024)


def test_a_vgg_needs_32_pixels():
    model = backbones.create("vgg16", width=0.01, num_classes=3).eval()
    assert model(torch.zeros(1, 3, 32, 40)).shape == (1, 3)
    with pytest.raises(ValueError, match="at least 32x32 pixels for a VGG, got 31x40"):
        model(torch.zeros(1, 3, 40, 31))


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


def test_a_plain_network_has_no_shortcut():
    plain = backbones.create("plain18", width=0.125)
    assert not [n for n, _ in plain.named_modules() if "shortcut" in n]
    with pytest.raises(ValueError, match=r"arguments of plain18 must be among .* got shortcut"):
        backbones.create("plain18", shortcut="B")


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
    random_statistics(norm)
    frozen = FrozenBatchNorm2d.from_batch_norm(norm)
    x = torch.randn(2, 8, 5, 5).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(frozen(x), norm(x))
    assert frozen(x).is_contiguous(memory_format=torch.channels_last)
    assert frozen(x.bfloat16()).dtype == torch.bfloat16
    assert not list(frozen.parameters())


def test_he_initialisation_uses_fan_out():
    model = backbones.create("resnet18")
    assert model.res5[1].conv1.weight.detach().std() == pytest.approx(
        (2 / (9 * 512)) ** 0.5, rel=0.02
    )
    assert model.res3[0].conv1.weight.detach().std() == pytest.approx(
        (2 / (9 * 128)) ** 0.5, rel=0.02
    )


def test_arch_rebuilds_the_network():
    model = backbones.create("resnet50", width=0.25, shortcut="C", norm="gn", num_classes=4)
    twin = backbones.create(**model.arch, num_classes=model.num_classes)
    twin.load_state_dict(model.state_dict())
    assert twin.arch == model.arch


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


def test_trunk_keeps_keys_and_shares_weights():
    model = backbones.create("resnet18", width=0.125)
    trunk = model.trunk("res2", "res4")
    assert set(trunk.state_dict()) == {
        k for k in model.state_dict() if not k.startswith(("res5", "fc"))
    }
    assert trunk.res2 is model.res2
    x = torch.randn(1, 3, 32, 32)
    assert list(trunk.eval()(x)) == ["res2", "res4"]
    with pytest.raises(ValueError, match=r"stages must be among \['stem', .* got \['res9'\]"):
        model.trunk("res9")


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


def test_a_miss_lists_what_exists():
    with pytest.raises(ValueError, match=r"one of .*plain18, .*, got 'Resnet5'; .*resnet50"):
        backbones.create("Resnet5")
    with pytest.raises(ValueError, match=r"got widht; did you mean width\?"):
        backbones.create("vgg16", widht=0.5)
    with pytest.raises(ValueError, match="shortcut must be one of A, B, C, got 'D'"):
        backbones.create("resnet18", shortcut="D")
    with pytest.raises(ValueError, match="stride must be 1 or 2, got 3"):
        backbones.Bottleneck(8, 8, 3)


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
