"""Highway networks: gates by hand, depth and parameters as printed."""

import pytest
import torch

import backbones
from backbones.peers.highway import HighwayLayer


@pytest.mark.parametrize(("name", "printed"), [("highway19", "2.3"), ("highway32", "1.25")])
def test_depth_and_parameters_are_those_of_the_paper(name, printed):
    with torch.device("meta"):
        counted = backbones.count(backbones.create(name), 32)
    digits = len(printed.partition(".")[2])
    assert f"{counted.parameters / 1e6:.{digits}f}" == printed
    layers = [layer for layer in counted.layers if not layer.name.endswith("gate")]
    assert f"highway{len(layers)}" == name


def test_a_gate_mixes_what_is_changed_and_what_is_carried():
    layer = HighwayLayer(1, None, 1e-5)
    with torch.no_grad():
        for conv, bias in ((layer.conv, 5.0), (layer.gate, 0.0)):
            conv.weight.zero_()
            conv.bias.fill_(bias)
        x = torch.full((1, 1, 2, 2), 3.0)
        torch.testing.assert_close(layer(x), torch.full_like(x, 4.0))  # half of 5 and of 3
        layer.gate.bias.fill_(-100.0)
        assert torch.equal(layer(x), x)


def test_layers_begin_by_carrying():
    model = backbones.create("highway32", width=0.125, norm="bn")
    gates = [m.gate for m in model.modules() if isinstance(m, HighwayLayer)]
    assert len(gates) == 27
    assert all((gate.bias == -2).all() for gate in gates)  # Source: the published network
