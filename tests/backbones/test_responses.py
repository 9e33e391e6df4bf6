"""Fig. 7's quantity against its definition."""

import pytest
import torch

import backbones
from backbones import layer_responses


def network(name, **options):
    torch.manual_seed(0)
    model = backbones.create(name, width=0.25, num_classes=3, **options)
    model(torch.randn(4, 3, 32, 32))  # statistics that are not 0 and 1
    return model


def test_responses_are_those_after_the_norm_and_before_the_addition():
    model = network("cifar_resnet8")
    images = torch.randn(6, 3, 16, 16) + 0.5
    found = layer_responses(model, images)
    model.eval()
    with torch.no_grad():
        first = model.stem.norm1(model.stem.conv1(images))
        x = first.relu()
        block = model.res2[0]
        second = block.norm1(block.conv1(x))
        third = block.norm2(block.conv2(second.relu()))
    assert [name for name, _ in found[:3]] == ["stem.conv1", "res2.0.conv1", "res2.0.conv2"]
    expected = [float(y.std(correction=0)) for y in (first, second, third)]
    assert [std for _, std in found[:3]] == pytest.approx(expected, rel=1e-5)


def test_several_batches_are_one_large_one():
    model = network("cifar_plain8")
    images = torch.randn(7, 3, 16, 16)
    images[:2] += 3
    whole, parts = layer_responses(model, images), layer_responses(model, images.split(2))
    assert [n for n, _ in whole] == [n for n, _ in parts]
    assert [s for _, s in parts] == pytest.approx([s for _, s in whole], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("cifar_resnet20", {}, 19),
        ("cifar_resnet20", {"shortcut": "C"}, 19),  # projections are no 3x3 layers
        ("resnet50", {}, 16),
        ("vgg16", {}, 13),
        ("vgg16_bn", {}, 13),
    ],
)
def test_only_3x3_layers_respond(name, options, expected):
    found = layer_responses(network(name, **options), torch.randn(1, 3, 32, 32))
    assert len(found) == expected
    assert all(std > 0 for _, std in found)


def test_the_network_is_left_as_it_was():
    model = network("cifar_resnet8")
    model.res2.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    layer_responses(model, [torch.randn(2, 3, 16, 16)])
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert (model.training, model.res2[0].training) == (True, False)
    with pytest.raises(ValueError, match="inputs must be at least one batch, got none"):
        layer_responses(model, [])
    assert not any(module._forward_hooks for module in model.modules())
