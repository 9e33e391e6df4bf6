"""What every network says of its stages, and trunks cut from it."""

import re

import pytest
import torch

import backbones
from backbones.features import in_eval_mode


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
        assert features[stage].shape[1] == info.channels
        if name != "maxout":  # whose layers are padded as its paper has them
            assert features[stage].shape[2:] == (64 // info.stride, 96 // info.stride)
    kind = re.match("[a-z]+", name)[0]
    strides = {"vgg": 16, "resnet": 32, "plain": 32, "googlenet": 32, "bn": 32, "prelu": 16}
    assert list(infos.values())[-1].stride == strides.get(kind, 4)


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


def test_eval_mode_ends_and_every_module_is_as_it_was():
    model = backbones.create("resnet18", width=0.125)
    model.res3.eval()
    modes = [module.training for module in model.modules()]
    with in_eval_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == modes
