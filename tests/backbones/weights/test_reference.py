"""Networks of others by their weights alone, against torchvision's modules."""

import pytest
import torch
import torchvision
from torch import nn

from backbones.weights import reference

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def close(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-5 * float(b.abs().max()))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_the_reference_is_torchvision(name):
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(name, num_classes=3).eval()
    with torch.no_grad():
        expected = theirs(IMAGES)
    close(reference.run("torchvision", theirs.state_dict(), IMAGES)["logits"], expected)


@pytest.mark.parametrize("normed", [False, True])
def test_the_reference_is_torchvisions_vgg(normed):
    layers = [8, "M", 8, 16, "M", 16, "M", 24, "M", 24, "M"]
    with torch.device("meta"):  # its hidden layers are 400 MB
        theirs = torchvision.models.VGG(nn.Sequential())
    theirs.features = torchvision.models.vgg.make_layers(layers, batch_norm=normed)
    sizes = ((24 * 49, 32), (32, 32), (32, 5))
    for index, (inputs, channels) in zip((0, 3, 6), sizes, strict=True):
        theirs.classifier[index] = nn.Linear(inputs, channels)
    with torch.no_grad():
        expected = theirs.eval()(IMAGES)
    close(reference.run("torchvision", theirs.state_dict(), IMAGES)["logits"], expected)
