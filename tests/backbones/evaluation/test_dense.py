"""A network slid over a whole image, against the network itself and against its layers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from backbones.evaluation.dense import (
    FullyConvolutional,
    _at_places,
    scaled_views,
    scales_for,
)


@pytest.mark.parametrize(
    ("name", "width", "size"),
    [
        ("resnet18", 0.125, 224),
        ("resnet50", 0.125, 65),
        ("plain18", 0.125, 96),
        ("vgg16", 0.02, 224),
        ("vgg16_bn", 0.02, 64),
        ("vgg19", 0.02, 300),
        ("cifar_resnet20", 0.5, 32),
        ("cifar_plain20", 0.5, 32),
        ("nin", 0.25, 32),
        ("maxout", 0.125, 32),
        ("highway32", 0.125, 32),
        ("googlenet", 0.125, 64),
        ("bn_inception", 0.125, 64),
        ("prelu_net_a", 0.05, 64),
    ],
)
@torch.inference_mode()
def test_one_crop_gives_the_logits_of_the_network(random_network, name, width, size):
    model = random_network(name, width=width)
    x = torch.randn(2, 3, size, size)
    dense = FullyConvolutional(model, size)
    assert dense.score_map(x).shape == (2, 7, 1, 1)
    torch.testing.assert_close(dense(x), model(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "window"), [("cifar_resnet20", 8), ("resnet18", 1)])
@torch.inference_mode()
def test_every_place_is_the_pooled_window(random_network, name, window):
    model = random_network(name)
    x = torch.randn(1, 3, 32, 52)
    stage = list(model.stages())[-1]
    last = model.features(x, (stage,))[stage]
    places = range(last.shape[-1] - window + 1)
    expected = [model.fc(last[..., p : p + window].mean((2, 3))) for p in places]
    dense = FullyConvolutional(model, 32)
    assert len(expected) > 1
    torch.testing.assert_close(dense.score_map(x)[:, :, 0], torch.stack(expected, -1))
    torch.testing.assert_close(dense(x), torch.stack(expected).mean(0))


@torch.inference_mode()
def test_every_place_of_a_peer_is_its_head_on_the_window(random_network):
    model = random_network("prelu_net_a", width=0.05)
    last = torch.randn(2, model.stage_infos()["conv4"].channels, 5, 6)
    found = _at_places(model, 4)(last)
    assert found.shape == (2, 7, 2, 3)
    for down in range(2):
        for across in range(3):
            expected = model.head(last[..., down : down + 4, across : across + 4])
            torch.testing.assert_close(found[..., down, across], expected, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_every_place_of_a_vgg_is_its_linear_layers_on_the_window(random_network):
    model = random_network("vgg16", width=0.02)
    x = torch.randn(1, 3, 64, 128)
    last = F.max_pool2d(model.features(x, ("conv5",))["conv5"], 2)
    expected = []
    for place in range(3):
        pooled = F.adaptive_avg_pool2d(last[..., place : place + 2], 7).flatten(1)
        expected.append(model.fc8(F.relu(model.fc7(F.relu(model.fc6(pooled))))))
    found = FullyConvolutional(model, 64).score_map(x)
    torch.testing.assert_close(found[:, :, 0], torch.stack(expected, -1), rtol=1e-5, atol=1e-5)


def test_images_smaller_than_a_crop_are_refused(random_network):
    dense = FullyConvolutional(random_network("cifar_resnet20"), 32)
    with pytest.raises(ValueError, match="scale must be at least the crop size 32, got 28; leave"):
        dense(torch.zeros(1, 3, 28, 40))


def test_whole_images_at_every_scale_and_flipped():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    whole = scaled_views(image, scales=(4, 8))
    assert [x.shape for x in whole] == [(2, 4, 6, 3), (2, 8, 12, 3)]
    assert (whole[0][0] == image).all()
    assert (whole[0][1] == image[:, ::-1]).all()
    assert scales_for(224) == (224, 256, 384, 480, 640)
    assert scales_for(32) == (32, 37, 55, 69, 91)
