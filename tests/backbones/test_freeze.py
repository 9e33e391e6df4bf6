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


@pytest.mark.parametrize("momentum", [0.1, 0.9, None])
def test_statistics_are_averages_over_batches(momentum):
    torch.manual_seed(0)
    model = backbones.create("cifar_resnet8", num_classes=3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum
            module.running_mean.fill_(float("nan"))  # what was there must not matter
    model.res3.eval()
    batches = [torch.randn(size, 3, 16, 16) + shift for size, shift in [(2, 0), (4, 1), (3, 5)]]
    backbones.recompute_statistics(model, iter(batches))
    with torch.no_grad():
        stem = [model.stem.conv1(batch).transpose(0, 1).flatten(1) for batch in batches]
    norm = model.stem.norm1
    mean = torch.stack([x.mean(1) for x in stem]).mean(0)
    torch.testing.assert_close(norm.running_mean, mean, atol=1e-6, rtol=1e-5)
    variance = torch.stack([x.var(1, correction=1) for x in stem]).mean(0)
    torch.testing.assert_close(norm.running_var, variance, atol=1e-6, rtol=1e-5)
    assert norm.num_batches_tracked == 3
    assert norm.momentum == momentum
    modes = [model.training, norm.training, model.res3[0].norm1.training, model.res3.training]
    assert modes == [True, True, False, False]
    assert all(value.isfinite().all() for value in model.state_dict().values())


def test_one_batch_gives_eval_the_outputs_of_training():
    torch.manual_seed(0)
    model = backbones.create("vgg16_bn", width=0.125, num_classes=3, dropout=0.0)
    images = torch.randn(16, 3, 64, 64)
    backbones.recompute_statistics(model, [images])
    expected = model.train().features(images, ["conv3"])["conv3"]
    found = model.eval().features(images, ["conv3"])["conv3"]
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-2)  # unbiased against biased


def test_no_batch_and_frozen_norms_change_no_statistics():
    torch.manual_seed(0)
    model = backbones.create("cifar_resnet8", num_classes=3)
    model(torch.randn(2, 3, 16, 16))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(ValueError, match="batches must be at least one, got none"):
        backbones.recompute_statistics(model, [])
    backbones.freeze_at(model, 2)
    backbones.recompute_statistics(model, [torch.randn(2, 3, 16, 16) + 1])
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert any(k.startswith("res3.") for k in moved)
    assert not {k for k in moved if k.startswith(("stem.", "res2."))}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *(("cifar_resnet20", {"shortcut": s}) for s in "ABC"),
        ("cifar_plain20", {}),
        ("cifar_resnet110", {}),
        ("resnet18", {"eps": 1e-2}),
        ("resnet50", {"norm": "frozen"}),
        ("plain18", {}),
        ("vgg16_bn", {}),
        ("vgg19", {}),
    ],
)
def test_folding_keeps_the_output(name, options):
    torch.manual_seed(0)
    model = backbones.create(name, width=0.125, num_classes=3, **options)
    images = torch.randn(4, 3, 32, 32)
    backbones.recompute_statistics(model, [images])
    for key, value in model.state_dict().items():
        if "norm" in key and value.is_floating_point():
            value.add_(torch.rand(value.shape) * 0.1)
        elif "conv" in key and not value.any():
            value.normal_(std=0.01)  # a frozen network starts with zeros
    expected = model.eval()(images)
    assert backbones.fold_batch_norm(model) is model
    torch.testing.assert_close(model(images), expected, atol=1e-5, rtol=1e-5)
    assert not [k for k in model.state_dict() if "norm" in k]
    norms = [m for n, m in model.named_modules() if "norm" in n]
    assert all(isinstance(norm, nn.Identity) for norm in norms)
    assert bool(norms) == (name != "vgg19")
    once = {k: v.clone() for k, v in model.state_dict().items()}
    backbones.fold_batch_norm(model)
    assert all(torch.equal(v, once[k]) for k, v in model.state_dict().items())


def test_folding_another_norm_is_refused_before_anything_changes():
    model = backbones.create("resnet18", width=0.125)
    model.res5[1].norm2 = nn.GroupNorm(8, 64)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(ValueError, match=r"norm must be .* got GroupNorm after res5\.1\.conv2"):
        backbones.fold_batch_norm(model)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
