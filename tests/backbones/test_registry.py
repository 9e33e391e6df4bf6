"""Networks by name: made again from their arch; a miss lists what exists."""

import pytest

import backbones
from backbones import registry


def test_arch_rebuilds_the_network():
    model = backbones.create("resnet50", width=0.25, shortcut="C", norm="gn", num_classes=4)
    twin = backbones.create(**model.arch, num_classes=model.num_classes)
    twin.load_state_dict(model.state_dict())
    assert twin.arch == model.arch


def test_a_miss_lists_what_exists():
    with pytest.raises(ValueError, match=r"one of .*plain18, .*, got 'Resnet5'; .*resnet50"):
        backbones.create("Resnet5")
    with pytest.raises(ValueError, match=r"got widht; did you mean width\?"):
        backbones.create("vgg16", widht=0.5)
    with pytest.raises(ValueError, match="shortcut must be one of A, B, C, got 'D'"):
        backbones.create("resnet18", shortcut="D")
    with pytest.raises(ValueError, match="stride must be 1 or 2, got 3"):
        backbones.Bottleneck(8, 8, 3)


def test_names_are_in_the_order_of_their_numbers_and_new(fresh_plugins):
    known = registry.names()
    assert known.index("resnet18") < known.index("resnet101")
    assert known.index("cifar_resnet56") < known.index("cifar_resnet110")
    with pytest.raises(ValueError, match="name must be new, got 'vgg16', which is registered"):
        registry.register("vgg16", backbones.VGG)


def test_a_family_builds_any_depth_and_lists_those_given(fresh_plugins, monkeypatch):
    monkeypatch.setattr(registry, "_FAMILIES", dict(registry._FAMILIES))
    registry.register_family("tower", lambda depth: backbones.create(f"cifar_resnet{depth}"), (8,))
    assert "tower8" in registry.names()
    assert "tower14" not in registry.names()
    assert registry.create("tower14").arch["name"] == "cifar_resnet14"
