"""Weights of others: every kind found by its keys, read exactly, and computed by its own names."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import backbones
from backbones.weights import keymaps, reference
from backbones.weights.keymaps import (
    KINDS,
    channel_orders,
    detect,
    from_ours,
    network_name,
    to_ours,
)

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
SMALL = [
    ("torchvision", "resnet18", {}),
    ("torchvision", "resnet50", {"stride_in_1x1": False}),
    ("torchvision", "vgg16", {}),
    ("torchvision", "vgg16", {"norm": "bn"}),
    ("timm", "vgg19", {}),
    ("timm", "vgg16", {"norm": "bn"}),
    ("timm", "resnet34", {}),
    ("detectron2", "resnet34", {}),
    ("detectron2", "resnet50", {"stride_in_1x1": False}),
    ("msra", "resnet50", {}),
    ("msra", "resnet101", {"norm": "frozen"}),
    ("akamaster", "cifar_resnet20", {"width": 1.0}),
    ("akamaster", "cifar_resnet20", {"width": 1.0, "shortcut": "B"}),
    ("torchvision", "googlenet_torchvision", {}),
    ("torchvision", "googlenet_torchvision", {"companions": False}),
    ("pretrainedmodels", "bn_inception_caffe", {}),
]


@torch.no_grad()
def outputs(model, images=IMAGES):
    model.eval()
    return {**model.features(images, list(model.stages())), "logits": model(images)}


def filled(model, state):
    """The network that `to_ours` described on the meta device, with its weights."""
    ours = backbones.create(num_classes=model.num_classes, **model.arch)
    ours.load_state_dict(state, strict=False)
    return ours


def close(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-5 * float(b.abs().max()))


@pytest.mark.parametrize(("kind", "name", "options"), SMALL)
def test_every_kind_there_and_back(random_network, kind, name, options):
    model = random_network(name, **options)
    theirs = from_ours(KINDS[kind], model, model.state_dict())
    expected = "torchvision" if kind == "timm" and name.startswith("resnet") else kind
    assert detect(theirs, "a file").name == expected
    found, ours = to_ours(KINDS[kind], theirs)
    norms = {"norm": "bn"} if model.arch["norm"] == "frozen" else {}
    assert {**found.arch, "dropout": 0} == {**model.arch, **norms, "dropout": 0}
    assert found.num_classes == 7
    own = model.state_dict()
    assert all(torch.equal(ours[key], own[key]) for key in ours)
    lost = set(own) - set(ours)
    assert all(key.endswith("num_batches_tracked") for key in lost)
    computed = reference.run(kind, theirs, IMAGES)
    orders = channel_orders(KINDS[kind], model)
    for stage, value in outputs(model).items():
        theirs_in_order = computed[stage]
        if stage in orders:
            theirs_in_order = theirs_in_order[:, orders[stage]]
        close(theirs_in_order, value)


class AkamasterBlock(nn.Module):
    """conv1, bn1, conv2, bn2; zeros on both sides of the channels where their number changes."""

    def __init__(self, channels, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.pad = 0 if channels == planes else planes // 4

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.pad:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(out + x)


class Akamaster(nn.Module):
    """What the public CIFAR checkpoints are states of."""

    def __init__(self, n):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        channels = 16
        for stage, planes in enumerate((16, 32, 64), 1):
            blocks = []
            for block in range(n):
                stride = 2 if stage > 1 and block == 0 else 1
                blocks.append(AkamasterBlock(channels, planes, stride))
                channels = planes
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


@pytest.mark.parametrize("n", [1, 3])
def test_akamasters_networks_give_the_same_logits(n):
    torch.manual_seed(n)
    theirs = Akamaster(n)
    with torch.no_grad():
        theirs.train()(IMAGES)  # statistics that are not 0 and 1
        expected = theirs.eval()(IMAGES)
    model, ours = to_ours(KINDS["akamaster"], theirs.state_dict())
    assert model.arch["name"] == f"cifar_resnet{6 * n + 2}"
    assert model.arch["shortcut"] == "A"
    close(outputs(filled(model, ours))["logits"], expected)
    close(reference.run("akamaster", theirs.state_dict(), IMAGES)["logits"], expected)
    back = from_ours(KINDS["akamaster"], model, ours)
    assert all(torch.equal(back[key], value) for key, value in theirs.state_dict().items())


def detectron_blobs(random_network):
    """As Detectron's files: affine layers, biases of convolutions, momenta."""
    model = random_network("resnet50")
    blobs = from_ours(KINDS["msra"], model, model.state_dict())
    for norm in [key.removesuffix("_gamma") for key in blobs if key.endswith("_gamma")]:
        blobs[f"{norm}_s"], blobs[f"{norm}_b"] = (
            blobs.pop(f"{norm}_gamma"),
            blobs.pop(f"{norm}_beta"),
        )
        del blobs[f"{norm}_running_mean"], blobs[f"{norm}_running_var"]
    for layer in [
        key.removesuffix("_w") for key in blobs if "branch" in key and key.endswith("_w")
    ]:
        blobs[f"{layer}_b"] = torch.zeros(len(blobs[f"{layer}_w"]))
    blobs["conv1_b"] = torch.linspace(-1, 1, len(blobs["conv1_w"]))
    blobs |= {f"{key}_momentum": value for key, value in list(blobs.items())[:5]}
    return blobs


def test_affine_layers_and_biases_of_detectron(random_network):
    blobs = detectron_blobs(random_network)
    model, ours = to_ours(detect(blobs, "R-50.pkl"), blobs)
    assert (model.arch["name"], model.arch["stride_in_1x1"]) == ("resnet50", True)
    expected = reference.run("msra", blobs, IMAGES)
    for stage, value in outputs(filled(model, ours)).items():
        close(value, expected[stage])
    exact = ours["res3.1.norm2.running_var"].double() + keymaps.EPS
    assert (exact - 1).abs().max() < 1e-7  # 1 - eps: the scale is s itself


def test_keys_without_counterpart_are_listed_on_both_sides(random_network):
    blobs = detectron_blobs(random_network)
    del blobs["res4_5_branch2c_bn_b"]
    blobs["fc999_w"] = blobs["fc1000_w"]
    with pytest.raises(
        ValueError,
        match=r"unknown keys: \['res4_5_branch2c_bn_s', .*'fc999_w'\]; "
        r"missing keys: \['res4_5_branch2c_bn_gamma', .*running_var'\]",
    ):
        to_ours(KINDS["msra"], blobs)


def test_ambiguous_and_unknown_keys_list_the_kinds(random_network):
    model = random_network("resnet50")
    kinds = ", ".join(KINDS)
    with pytest.raises(ValueError, match=rf"among ours, {kinds}, got keys of none \(stem\.conv1"):
        detect(model.state_dict(), "x.pth")
    both = from_ours(KINDS["msra"], model, model.state_dict())
    other = random_network("resnet18")
    both |= from_ours(KINDS["torchvision"], other, other.state_dict())
    with pytest.raises(ValueError, match=r"weights of x\.pth .* got keys of torchvision and msra"):
        detect(both, "x.pth")


def test_networks_that_a_kind_has_not(random_network):
    with torch.device("meta"):
        wide = torchvision.models.wide_resnet50_2().state_dict()
        vgg11 = torchvision.models.vgg11().state_dict()
    with pytest.raises(
        ValueError, match=r"shapes: res2\.0\.conv1\.weight must be \(64, 64, 1, 1\), got \(128"
    ):
        to_ours(KINDS["torchvision"], wide)
    with pytest.raises(ValueError, match=r"kind torchvision must be .*vgg\(16\|19\).*, got vgg11"):
        to_ours(KINDS["torchvision"], vgg11)
    deep = {f"res2_{i}_branch2c_w": torch.zeros(1) for i in range(4)}
    with pytest.raises(ValueError, match=r"blocks in each stage .* got \(4,\) of three layers"):
        network_name(deep)
    plain = random_network("plain18")
    with pytest.raises(ValueError, match="kind torchvision must be .*, got plain18"):
        from_ours(KINDS["torchvision"], plain, plain.state_dict())


def test_all_that_keeps_a_network_from_a_kind_is_listed(random_network):
    model = random_network("resnet50", shortcut="C", eps=1e-3, norm="gn")
    with pytest.raises(
        ValueError,
        match="shortcut must be B, got C; stride_in_1x1 must be False, got True; "
        "eps must be 1e-05, got 0.001; norm must be a batch norm, got gn",
    ):
        from_ours(KINDS["torchvision"], model, model.state_dict())
