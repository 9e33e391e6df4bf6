"""GoogLeNet against torchvision's and its paper's table."""

import pytest
import torch
import torchvision

import backbones
from backbones.peers.googlenet import TABLE_1


def theirs(**options):
    torch.manual_seed(0)
    model = torchvision.models.googlenet(
        weights=None, init_weights=False, num_classes=10, **options
    )
    for key, value in model.state_dict().items():
        if value.ndim > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5)
        elif key.endswith(("bias", "running_mean")):
            value.uniform_(-0.1, 0.1)
        elif value.ndim == 1:
            value.uniform_(0.8, 1.2)
    return model


@pytest.mark.parametrize("companions", [True, False])
def test_logits_equal_torchvision(companions, assert_same_logits):
    model = theirs(aux_logits=companions)
    assert_same_logits("googlenet_torchvision", model, companions=companions)


def test_companions_equal_torchvision(monkeypatch):
    monkeypatch.setattr("backbones.peers.googlenet.COMPANION_DROPOUT", 0.0)
    model = theirs(dropout=0.0, dropout_aux=0.0)
    ours = backbones.create("googlenet_torchvision", num_classes=10, dropout=0.0)
    ours.load_state_dict(backbones.from_torchvision("googlenet_torchvision", model.state_dict()))
    images = torch.randn(2, 3, 64, 64)
    logits, first, second = ours.train()(images)
    expected = model.train()(images)
    torch.testing.assert_close(logits, expected.logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(first, expected.aux_logits1, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(second, expected.aux_logits2, rtol=1e-4, atol=1e-4)


def test_channels_and_costs_of_table_1():
    with torch.device("meta"):
        model = backbones.create("googlenet")
        counted = backbones.count(model, 224)
    assert {p.name: p.output for p in counted.stages if p.name != "fc"} == {
        "stem": (64, 56, 56),
        "res2": (192, 56, 56),
        "res3": (480, 28, 28),
        "res4": (832, 14, 14),
        "res5": (1024, 7, 7),
    }
    assert sum(map(len, TABLE_1.values())) == 9
    assert counted.parameters / 1e6 == pytest.approx(6.8, rel=0.03)
    assert counted.multiply_adds / 1e9 == pytest.approx(1.5, rel=0.06)


def test_response_norms_are_the_papers_and_go_with_a_batch_norm():
    def has(**options):
        modules = backbones.create("googlenet", width=0.125, **options).modules()
        return sum(isinstance(m, torch.nn.LocalResponseNorm) for m in modules)

    assert (has(), has(norm="bn")) == (2, 0)
