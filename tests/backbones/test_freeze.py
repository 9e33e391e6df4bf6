"""What is frozen does not move; what is not, does."""

import pytest
import torch
from torch import nn

import backbones


def step(model: nn.Module) -> dict[str, torch.Tensor]:
    """One step of SGD; the state dict from before it."""
    before = {k: v.clone() for k, v in model.state_dict().items()}
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1.0, weight_decay=0.1)
    model.train()(torch.randn(2, 3, 64, 64) + 1).square().mean().backward()
    optimizer.step()
    return before


@pytest.mark.parametrize(
    ("name", "norm", "frozen", "num_stages"),
    [
        ("resnet18", "bn", ("stem.", "res2."), 2),
        ("resnet18", "gn", ("stem.",), 1),
        ("vgg16", None, ("conv1.", "conv2."), 2),
        ("vgg16", "bn", ("conv1.", "conv2."), 2),
        ("resnet18", "bn", (), 0),
    ],
)
def test_frozen_stages_hold_still(name, norm, frozen, num_stages):
    torch.manual_seed(0)
    model = backbones.create(name, width=0.125, norm=norm, num_classes=3)
    backbones.freeze_at(model, num_stages)
    before = step(model)
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert not {k for k in moved if frozen and k.startswith(frozen)}
    first_free = list(model.stages())[num_stages]
    assert {k for k in moved if k.startswith(first_free)}


def test_freeze_at_works_on_a_trunk_and_refuses_too_much():
    trunk = backbones.create("resnet18", width=0.125).trunk("res3")
    backbones.freeze_at(trunk, 2)
    assert not any(p.requires_grad for p in trunk.res2.parameters())
    assert all(p.requires_grad for p in trunk.res3.parameters())
    with pytest.raises(ValueError, match=r"num_stages must be in \[0, 3\], got 4"):
        backbones.freeze_at(trunk, 4)


def test_freeze_batch_norm_keeps_the_output_and_stops_the_statistics():
    torch.manual_seed(0)
    model = backbones.create("resnet18", width=0.125, num_classes=3)
    step(model)
    images = torch.randn(2, 3, 64, 64)
    expected = model.eval()(images)
    backbones.freeze_batch_norm(model)
    torch.testing.assert_close(model.eval()(images), expected, atol=1e-5, rtol=1e-5)
    assert not [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    before = step(model)
    names = [k for k in before if "norm" in k]
    assert names
    assert all(torch.equal(model.state_dict()[k], before[k]) for k in names)
