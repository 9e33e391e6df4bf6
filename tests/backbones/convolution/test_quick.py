"""Every convolution by the way that is fastest on a CPU: the numbers of torch's own."""

import copy

import pytest
import torch
from torch import nn

from backbones.convolution import quick
from backbones.convolution.quick import QuickConv2d, place, quicken

WIDE = 128


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(4, WIDE, 7, stride=2, padding=3, bias=False),
        nn.ReLU(),
        nn.Conv2d(WIDE, WIDE, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(WIDE, WIDE, 3, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(WIDE, 8, 1, stride=2),
    )


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """By which torch is said to compute: one."""
    number = [1]
    monkeypatch.setattr(torch, "get_num_threads", lambda: number[0])
    return number


@pytest.fixture
def used(monkeypatch):
    """The layers that Winograd's algorithm computed."""
    layers = []
    convolve = quick.convolve
    monkeypatch.setattr(quick, "convolve", lambda *given: layers.append(1) or convolve(*given))
    return layers


def pixels(side: int = 54) -> torch.Tensor:
    return torch.randn(2, 4, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("learns", [False, True])
def test_a_quick_network_finds_the_same(learns, used):
    usual = network()
    quick = copy.deepcopy(usual)
    quicken(quick, learns=learns)
    with torch.inference_mode():
        torch.testing.assert_close(quick(pixels()), usual(pixels()), atol=1e-5, rtol=1e-4)
    assert len(used) == 2


def test_it_learns_the_same_and_keeps_its_parameters(used):
    usual = network()
    quick = copy.deepcopy(usual)
    parameters = list(quick.parameters())
    quicken(quick, learns=True)
    assert all(a is b for a, b in zip(quick.parameters(), parameters, strict=True))
    assert quick.state_dict().keys() == usual.state_dict().keys()
    for model in (usual, quick):
        model(pixels()).square().mean().backward()
    for ours, theirs in zip(quick.parameters(), usual.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-3)
    assert len(used) == 4  # each of two layers on the way up, and again on the way down


@pytest.mark.parametrize(
    ("learns", "side", "cores", "winograd"),
    [  # tiles of two images: 98, 72, 50 or 32
        *((True, 54, 1, True), (True, 54, 2, False), (True, 46, 1, False)),
        *((False, 46, 2, True), (False, 38, 1, True), (False, 38, 2, True), (False, 30, 1, False)),
    ],
)
def test_what_learns_needs_more_tiles(learns, side, cores, winograd, used, threads):
    threads[0] = cores
    model = network()
    quicken(model, learns=learns)
    with torch.inference_mode():
        model(pixels(side))
    assert bool(used) is winograd


def test_a_frozen_layer_has_no_gradient():
    model = network()
    quicken(model, learns=True)
    model[2].requires_grad_(False)
    model(pixels()).sum().backward()
    assert model[2].weight.grad is None
    assert model[2].bias.grad is None
    assert model[0].weight.grad is not None


def test_small_images_and_half_precision_are_left_to_torch(used):
    model = network()
    quicken(model, learns=False)
    with torch.inference_mode():
        model(pixels(side=8))
        model.to(torch.bfloat16)(pixels().bfloat16())
        with torch.autocast("cpu", torch.bfloat16):
            model.float()(pixels())
    assert not used


@pytest.mark.parametrize(
    "other",
    [
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "padding": 2, "dilation": 2},
        {"kernel_size": 3, "padding": 1, "groups": 2},
        {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
        {"kernel_size": 3, "padding": "same"},
        {"kernel_size": 3},
        {"kernel_size": 5, "padding": 1},
    ],
    ids=str,
)
def test_other_layers_are_no_winograd_and_find_the_same(other, used):
    usual = nn.Conv2d(WIDE, WIDE, **other)
    quick = copy.deepcopy(usual)
    quicken(quick, learns=False)
    x = torch.randn(1, WIDE, 24, 24)
    with torch.inference_mode():
        torch.testing.assert_close(quick(x), usual(x), atol=1e-5, rtol=1e-4)
    assert not used


def test_what_is_compiled_or_in_half_precision_keeps_its_layers():
    for options in ({"precision": "bf16"}, {"precision": "fp16"}, {"compiled": True}):
        model = network()
        place(model, torch.device("cpu"), learns=False, **options)
        assert not any(isinstance(layer, QuickConv2d) for layer in model)
    place(model, torch.device("cpu"), learns=False)
    assert isinstance(model[2], QuickConv2d)


@pytest.mark.parametrize(("channels", "filters"), [(WIDE - 1, WIDE), (WIDE, WIDE - 1)])
def test_narrow_layers_are_no_winograd(channels, filters):
    model = nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1))
    quicken(model, learns=False)
    assert not model[0].is_winograd
