"""`backbones.load`: a picture in, the names of the likeliest classes out."""

import cv2
import numpy as np
import PIL.Image
import pytest
import torch
from torch import nn

import backbones

RED = np.zeros((40, 50, 3), np.uint8)
RED[..., 0] = 250
BLUE = RED[..., ::-1].copy()


class Colours(nn.Module):
    """Its logits are the mean of each channel: it knows the order they come in."""

    num_classes = 3

    def forward(self, x):
        return x.mean((2, 3))


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_a_colour_is_known_in_every_form(tmp_path, saved, order):
    classify = backbones.load(saved(tmp_path / "n.pth", order), device="cpu")
    classify.model = Colours()
    names = classify.class_names if order == "RGB" else classify.class_names[::-1]
    classify.class_names = names  # of the channels as this network gets them
    PIL.Image.fromarray(RED).save(tmp_path / "red.png")
    bgr = cv2.cvtColor(RED, cv2.COLOR_RGB2BGR)
    tensor = torch.from_numpy(RED).permute(2, 0, 1)
    forms = [(tmp_path / "red.png", None), (PIL.Image.fromarray(RED), None), (RED, "RGB")]
    for image, given in [*forms, (bgr, "BGR"), (tensor, "RGB"), (tensor / 255, "RGB")]:
        assert classify(image, channel_order=given)[0].name == "red"
    assert [g[0].name for g in classify([RED, BLUE], channel_order="RGB")] == ["red", "blue"]


def test_guesses_are_the_networks_probabilities(tmp_path, saved):
    classify = backbones.load(saved(tmp_path / "n.pth"), device="cpu")
    assert repr(classify) == "ImageClassifier(cifar_resnet8, 3 classes, 32 pixels)"
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    x = (torch.from_numpy(image).permute(2, 0, 1)[None] / 255 - 0.5) / 0.25
    with torch.no_grad():
        expected = classify.model(x).softmax(1)[0]
    found = classify(image, channel_order="RGB")
    assert len(found) == 3
    assert sum(guess.probability for guess in found) == pytest.approx(1)
    for guess in found:
        assert guess.probability == pytest.approx(float(expected[guess.label]), abs=1e-6)
        assert guess.name == ("red", "green", "blue")[guess.label]
    assert classify(image, channel_order="RGB", top=2) == found[:2]


def test_many_images_go_in_batches_and_come_back_in_order(tmp_path, saved):
    classify = backbones.load(saved(tmp_path / "n.pth", names=()), device="cpu", batch=2)
    images = [np.full((30 + n, 40, 3), 50 * n, np.uint8) for n in range(5)]
    found = classify(images, channel_order="RGB", top=1)
    for one, image in zip(found, images, strict=True):
        alone = classify(image, channel_order="RGB", top=1)
        assert one[0].name == alone[0].name == f"class{one[0].label}"
        assert one[0].probability == pytest.approx(alone[0].probability, abs=1e-6)
    assert classify([]) == []


def test_what_is_wrong_is_told(tmp_path, saved):
    with pytest.raises(FileNotFoundError, match="must be an existing file"):
        backbones.load(tmp_path / "gone.pth")
    with pytest.raises(ValueError, match='name must be given with torchvision:.* "resnet50"'):
        backbones.load("torchvision:IMAGENET1K_V1")
    classify = backbones.load(saved(tmp_path / "n.pth"), device="cpu")
    with pytest.raises(ValueError, match="channel_order must be"):
        classify(RED)
    with pytest.raises(ValueError, match="top must be at least 1, got 0"):
        classify(RED, channel_order="RGB", top=0)
