"""Maxout networks: sizes that their papers' convolutions make, and what they refuse."""

import pytest
import torch

import backbones


def test_maps_of_the_published_network():
    with torch.device("meta"):
        model = backbones.create("maxout").eval()
        outputs = model.features(torch.empty(1, 3, 32, 32), list(model.stages()))
        assert [x.shape[-1] for x in outputs.values()] == [33, 15, 9]
        assert model.pool(outputs["conv3"]).shape[-1] == 5
    convolutions = 64 * 3 * 192 + 64 * 96 * 384 + 25 * 192 * 384 + 192 + 384 + 384
    linear = 25 * 192 * 2500 + 2500 + 5010
    assert backbones.count(model, 32).parameters == convolutions + linear


def test_fitnet_has_19_layers_and_with_two_pieces_the_printed_parameters():
    with torch.device("meta"):
        counted = backbones.count(backbones.create("fitnet19"), 32)
    assert len(counted.layers) == 19
    assert round(counted.multiply_adds / 1e6) == 382  # Source: Romero et al. 2015, Table 4
    pieces_less = 3 * 500 * (128 + 1)
    assert f"{(counted.parameters - pieces_less) / 1e6:.1f}" == "2.5"


def test_the_image_is_dropped_less_and_where_nothing_is_dropped_not_at_all():
    def shares(**options):
        model = backbones.create("maxout", width=0.02, **options)
        return [m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)]

    assert shares() == [0.2, 0.5, 0.5]
    assert shares(dropout=0.0) == [0, 0, 0]


def test_an_image_too_small_is_told():
    model = backbones.create("maxout", width=0.02, num_classes=2).eval()
    assert model(torch.zeros(1, 3, 4, 5)).shape == (1, 2)
    with pytest.raises(ValueError, match="must be at least 4x4 pixels for maxout, got 5x3"):
        model(torch.zeros(1, 3, 3, 5))


@pytest.mark.parametrize("name", ["maxout", "fitnet19"])
def test_a_norm_stands_before_every_maxout(name):
    model = backbones.create(name, num_classes=4, width=0.25, norm="bn")
    seen = []
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_hook(lambda *_: seen.append("norm"))
        if type(module).__name__ == "Maxout":
            module.register_forward_hook(lambda *_: seen.append("maxout"))
    model(torch.randn(2, 3, 32, 32))
    assert seen == ["norm", "maxout"] * (len(seen) // 2)
    assert len(seen) > 6
