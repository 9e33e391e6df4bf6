"""Winograd's convolution: what torch's own finds, and its gradient."""

import pytest
import torch
import torch.nn.functional as F

from backbones.convolution import winograd

SHAPES = [(1, 3, 4, 4, 5), (2, 8, 7, 9, 3), (1, 4, 1, 1, 4), (3, 5, 33, 18, 6), (90, 2, 9, 13, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def drawn(request):
    images, channels, height, width, filters = request.param
    random = torch.Generator().manual_seed(0)
    x = torch.randn(images, channels, height, width, generator=random)
    weight = torch.randn(filters, channels, 3, 3, generator=random)
    return x, weight, torch.randn(filters, generator=random)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_convolves(drawn, layout):
    x, weight, bias = drawn
    filters = winograd.transform(weight.to(memory_format=layout))
    found = winograd.convolve(x.to(memory_format=layout), filters, bias)
    expected = F.conv2d(x, weight, bias, padding=1)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_its_gradients(drawn):
    x, weight, _ = drawn
    x, weight = x.requires_grad_(), weight.requires_grad_()
    expected = F.conv2d(x, weight, padding=1)
    gradient = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1))
    of_x, of_weight = torch.autograd.grad(expected, (x, weight), gradient)
    with torch.no_grad():
        turned = winograd.convolve(gradient, winograd.transform_turned(weight))
        found = winograd.filter_gradient(x, gradient)
    torch.testing.assert_close(turned, of_x, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found, of_weight, atol=1e-3, rtol=1e-4)


def test_rounding_is_within_eight_times_that_of_the_sum_as_written():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, 256, 32, 32, generator=random).relu()
    weight = torch.randn(64, 256, 3, 3, generator=random) / 48
    exact = F.conv2d(x.double(), weight.double(), padding=1)
    found = winograd.convolve(x, winograd.transform(weight))

    def error(y):
        return (y - exact).square().mean().sqrt()

    assert error(found) < 8 * error(F.conv2d(x, weight, padding=1))
    assert error(found) < 1e-6


@pytest.mark.parametrize(("shape", "tiles"), [((1, 2, 4, 8), 2), ((3, 2, 5, 9), 18)])
def test_tiles_cover_the_images(shape, tiles):
    assert winograd.count_tiles(torch.zeros(shape)) == tiles
