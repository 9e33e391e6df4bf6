"""The localiser's heads."""

import torch

import backbones
from resdet.config import model_keys
from resdet.modeling.per_class import (
    REFINING,
    NetworkHead,
    NoHead,
    PerClassPredictor,
    PerClassRPNHead,
)


def test_every_anchor_has_a_logit_and_deltas_of_each_class():
    head = PerClassRPNHead(8, num_anchors=2, num_classes=3)
    logits, deltas = head(torch.randn(4, 8, 5, 6))
    assert logits.shape == (4, 5 * 6 * 2, 3)
    assert deltas.shape == (4, 5 * 6 * 2, 3, 4)


def test_outputs_are_by_cell_then_by_anchor_then_by_class():
    head = PerClassRPNHead(8, num_anchors=2, num_classes=3)
    with torch.no_grad():
        for layer in (head.class_logits, head.class_deltas):
            layer.weight.zero_()
            layer.bias.copy_(torch.arange(len(layer.bias)))
    logits, deltas = head(torch.randn(1, 8, 2, 2))
    assert logits[0, :2].tolist() == logits[0, 2:4].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert deltas[0, 1, 2].tolist() == [20, 21, 22, 23]


def test_a_network_head_is_a_copy_of_all_stages():
    network = backbones.create("resnet18", num_classes=1, width=0.125)
    head = NetworkHead(network)
    x = torch.randn(2, 3, 64, 64)
    trunk = network.trunk("res5").eval()
    assert torch.equal(head.eval()(x), trunk(x)["res5"].mean(dim=(2, 3)))
    assert head.out_channels == head(x).shape[1]
    shared = {id(p) for p in network.parameters()} & {id(p) for p in head.parameters()}
    assert not shared


def test_the_predictor_has_no_background():
    logits, deltas = PerClassPredictor(8, 3)(torch.randn(5, 8))
    assert (logits.shape, deltas.shape) == ((5, 3), (5, 3, 4))
    assert not NoHead().state_dict()


def test_the_config_knows_the_same_names():
    assert model_keys.LOCALISERS == REFINING
