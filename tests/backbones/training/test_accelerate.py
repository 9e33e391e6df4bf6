"""The network as the loop runs it, on a CPU: what cannot be done is said."""

import torch
from torch import nn

from backbones.training import accelerate as module
from backbones.training.accelerate import accelerate

EXAMPLE = torch.zeros(1, 2)


def test_a_plain_network_runs_as_it_is():
    model = nn.Linear(2, 2)
    assert accelerate(model, EXAMPLE) == (model, "")


def test_what_was_asked_for_in_vain_is_said():
    model = nn.Linear(2, 2)
    run, remark = accelerate(model, EXAMPLE, cuda_graphs=True)
    assert run is model
    assert remark == "no CUDA graphs: they need one GPU, one process, and no MODEL.COMPILE"


def test_a_compiled_network_has_the_same_weights(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda model: nn.Sequential(model))
    model = nn.Linear(2, 2)
    run, remark = accelerate(model, EXAMPLE, compiled=True, cuda_graphs=True)
    assert run[0] is model
    assert remark.endswith("; torch.compile: the first iterations are slow")


def test_several_processes_share_gradients(monkeypatch):
    made = []
    monkeypatch.setattr(module.distributed, "world_size", lambda: 2)
    monkeypatch.setattr(
        module, "DistributedDataParallel", lambda run, gpus: made.append(gpus) or "spread"
    )
    assert accelerate(nn.Linear(2, 2), EXAMPLE)[0] == "spread"
    assert made == [None]
