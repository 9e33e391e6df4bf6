"""Activations computed again: the same training in less memory."""

import copy
import weakref

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import backbones
from backbones import checkpoint_activations


class PeakMemory(TorchDispatchMode):
    """Bytes of all storages made inside, at the moment when they were most."""

    def __init__(self):
        super().__init__()
        self.live = self.peak = 0
        self.known = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf.untyped_storage())
        return result

    def add(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self.drop, key, size)

    def drop(self, key, size):
        self.known.discard(key)
        self.live -= size


def peak_of_a_step(depth, *, checkpointed):
    torch.manual_seed(0)
    model = backbones.create(f"cifar_resnet{depth}", width=0.01, num_classes=3)
    if checkpointed:
        checkpoint_activations(model)
    images = torch.randn(16, 3, 32, 32)
    with PeakMemory() as memory:
        model(images).square().sum().backward()
    return memory.peak


def test_what_a_stage_drops_is_dropped_again():
    theirs = backbones.create("nin", width=0.125, num_classes=3)
    ours = checkpoint_activations(copy.deepcopy(theirs), 3)
    images = torch.randn(4, 3, 32, 32)
    for model in (theirs, ours):
        torch.manual_seed(0)
        model(images).square().sum().backward()
    assert_same(ours, theirs)


def test_memory_grows_as_the_root_of_depth():
    shallow, deep = (peak_of_a_step(d, checkpointed=True) for d in (26, 98))
    plain_shallow, plain_deep = (peak_of_a_step(d, checkpointed=False) for d in (26, 98))
    assert plain_deep / plain_shallow > 3.5  # 4 times the blocks
    assert deep / shallow < 2.2
    assert deep < plain_deep / 2


def train(model, images, steps=2, rate=0.05):
    """Logits of the last step, after `steps` of SGD."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(images)
        F.cross_entropy(logits, torch.arange(len(images)) % 3).backward()
        optimizer.step()
    return logits


def assert_same(ours, theirs):
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for key, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[key], value), key
    for (key, a), (_, b) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert torch.equal(a.grad, b.grad), key


@pytest.mark.parametrize(
    ("name", "options", "segments"),
    [
        ("cifar_resnet26", {}, None),
        ("cifar_plain20", {}, 1),
        ("resnet50", {}, 100),
        ("resnet18", {"norm": "gn"}, None),
        ("vgg16_bn", {"dropout": 0.0}, None),
    ],
)
def test_training_is_bit_equal(name, options, segments):
    torch.manual_seed(0)
    theirs = backbones.create(name, width=0.125, num_classes=3, **options)
    ours = checkpoint_activations(copy.deepcopy(theirs), segments)
    images = torch.randn(4, 3, 32, 32)
    assert torch.equal(train(ours, images), train(theirs, images))
    assert_same(ours, theirs)
    with torch.no_grad():
        assert torch.equal(ours.eval()(images), theirs.eval()(images))


def test_an_average_of_statistics_and_two_backward_passes_count_once():
    torch.manual_seed(0)
    theirs = backbones.create("cifar_resnet20", width=0.25, num_classes=3)
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    ours = checkpoint_activations(copy.deepcopy(theirs))
    images = torch.randn(4, 3, 16, 16)
    for model in (theirs, ours):
        for _ in range(2):
            loss = model(images).square().sum()
            loss.backward(retain_graph=True)
            loss.backward()
    assert ours.stem.norm1.num_batches_tracked == ours.res4[2].norm2.num_batches_tracked == 2
    assert ours.res4[2].norm2.momentum is None
    assert_same(ours, theirs)


def test_frozen_stages_and_a_second_call():
    torch.manual_seed(0)
    theirs = backbones.create("cifar_resnet20", width=0.25, num_classes=3)
    ours = checkpoint_activations(checkpoint_activations(copy.deepcopy(theirs)), 2)
    for model in (theirs, ours):
        backbones.freeze_at(model, 2)
        train(model, torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(1)))
    assert all(p.grad is None for p in ours.res2.parameters())
    assert torch.equal(ours.res4[0].conv1.weight, theirs.res4[0].conv1.weight)
    with pytest.raises(ValueError, match="segments must be at least 1, got 0"):
        checkpoint_activations(ours, 0)


def test_it_trains_inside_ddp():
    torch.manual_seed(0)
    theirs = backbones.create("cifar_resnet20", width=0.25, num_classes=3)
    ours = checkpoint_activations(copy.deepcopy(theirs))
    images = torch.randn(4, 3, 16, 16)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        train(DistributedDataParallel(ours), images, steps=3)
    finally:
        dist.destroy_process_group()
    train(theirs, images, steps=3)
    assert_same(ours, theirs)


def test_a_deep_network_learns():
    torch.manual_seed(0)
    model = checkpoint_activations(backbones.create("cifar_resnet152", width=0.01, num_classes=3))
    images, labels = torch.randn(6, 3, 8, 8), torch.arange(6) % 3
    first, second, third = (
        F.cross_entropy(train(model, images, steps=1, rate=0.001), labels) for _ in range(3)
    )
    assert first > second > third
