"""What every system of the tables has: a way to learn, to be built again, to be left alone."""

import pytest
import torch
import torch.nn.functional as F

import backbones
from backbones.peers.parts import Maxout, Peer, Pool, add_conv, norm_or_none, scale_units

SMALL = ("nin", "dsn", "maxout", "fitnet19", "highway19", "highway32")
LARGE = ("googlenet", "googlenet_torchvision", "bn_inception", "bn_inception_caffe", "prelu_net_a")
SIZES = {**dict.fromkeys(SMALL, 32), **dict.fromkeys(LARGE, 64)}


def logits_in_training(model, images):
    output = model.train()(images)
    return output if isinstance(output, tuple) else (output,)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("width", [0.125, pytest.param(1.0, marks=pytest.mark.slow)])
def test_twenty_steps_lower_the_loss(name, width):
    torch.manual_seed(0)
    drops = {} if name.startswith("bn") else {"dropout": 0.0}
    model = backbones.create(name, width=width, num_classes=4, norm="bn", **drops)
    images, labels = torch.randn(8, 3, SIZES[name], SIZES[name]), torch.arange(8) % 4
    optimizer = torch.optim.AdamW(model.parameters(), 0.002)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        losses.append(sum(F.cross_entropy(x, labels) for x in logits_in_training(model, images)))
        losses[-1].backward()
        assert all(p.grad is not None for p in model.parameters())
        optimizer.step()
    assert sum(losses[-3:]) < 0.95 * sum(losses[:3])


@pytest.mark.parametrize("name", SIZES)
def test_arch_builds_it_again_whatever_its_norm(name, random_network):
    images = torch.randn(1, 3, SIZES[name], SIZES[name])
    for norm in ({}, {"norm": "gn"}):
        model = random_network(name, width=0.125, **norm)
        twin = backbones.create(**model.arch, num_classes=7).eval()
        twin.load_state_dict(model.state_dict())
        with torch.no_grad():
            assert torch.equal(twin(images), model(images))
    with pytest.raises(ValueError, match="norm must be one of frozen, bn"):
        backbones.create(name, norm="batch")


@pytest.mark.parametrize("name", SIZES)
def test_folded_norms_leave_the_logits(name, random_network):
    model = random_network(name, width=0.125, norm="bn")
    images = torch.randn(1, 3, SIZES[name], SIZES[name])
    with torch.no_grad():
        before = model(images)
        after = backbones.fold_batch_norm(model)(images)
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [n for n in SIZES if n != "maxout"])
@pytest.mark.parametrize("size", [(1, 40), (9, 3), (33, 50)])
def test_a_narrow_image_keeps_a_row_in_every_stage(name, size):
    model = backbones.create(name, width=0.02, num_classes=2).eval()
    with torch.no_grad():
        for x in model.features(torch.randn(1, 3, *size), list(model.stages())).values():
            assert min(x.shape[-2:]) >= 1
        assert model(torch.randn(1, 3, *size)).isfinite().all()


def test_companions_follow_the_logits_in_training_alone():
    model = backbones.create("dsn", width=0.125, num_classes=3, dropout=0.0)
    images = torch.randn(2, 3, 32, 32)
    logits, *beside = model.train()(images)
    assert [x.shape for x in beside] == [(2, 3)] * 3
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(images), logits)
    alone = backbones.create("dsn", width=0.125, num_classes=3, companions=False)
    assert isinstance(alone.train()(images), torch.Tensor)


def test_a_stage_that_no_companion_reads_runs_as_a_whole():
    model = backbones.create("googlenet", width=0.125, num_classes=3)
    ran = []
    for name, stage in model.stages().items():
        stage.register_forward_hook(lambda *_, name=name: ran.append(name))
    model.train()(torch.randn(2, 3, 64, 64))
    assert ran == ["stem", "res2", "res3", "res5"]


def test_a_head_must_be_written():
    stage = torch.nn.Identity()
    with pytest.raises(NotImplementedError):
        Peer({"conv1": stage}, [3], [1])(torch.zeros(1, 3, 4, 4))


def test_a_pool_goes_over_the_edge():
    x = torch.arange(5.0).reshape(1, 1, 1, 5)
    assert Pool(3)(x).flatten().tolist() == [2, 4]
    assert Pool(3, average=True)(x[..., :4]).flatten().tolist() == [1, 2.5]
    assert Pool(3)(x[..., :1]).shape == (1, 1, 1, 1)


def test_a_pool_is_exported_without_a_branch(monkeypatch):
    x = torch.randn(1, 2, 7, 5)
    expected = Pool(3)(x)
    monkeypatch.setattr("torch.compiler.is_exporting", lambda: True)
    assert torch.equal(Pool(3)(x), expected)


def test_maxout_chooses_among_neighbours():
    x = torch.tensor([[1.0, 5.0, 3.0, 2.0]])
    assert Maxout(2)(x).tolist() == [[5, 3]]
    assert Maxout(2)(x.reshape(1, 4, 1, 1)).shape == (1, 2, 1, 1)


def test_layers_are_numbered_on():
    layers = torch.nn.ModuleDict()
    for norm in (None, "bn"):
        add_conv(layers, torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU(), norm, 1e-5)
    assert list(layers) == ["conv1", "activation1", "conv2", "norm2", "activation2"]


def test_small_words():
    assert norm_or_none("") is norm_or_none(None) is None
    assert norm_or_none("FrozenBN") == "frozen"
    assert (scale_units(500, 1.0), scale_units(500, 0.25), scale_units(2, 0.01)) == (500, 125, 1)
