"""Devices, backends and seeds of one process, which needs no other to be told them."""

import itertools
import random

import numpy as np
import pytest
import torch
import torch.distributed as dist

from backbones.machine import distributed


@pytest.fixture
def gpus(monkeypatch):
    """Pretend that the machine has so many GPUs."""

    def pretend(count, local_rank=0):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setenv("LOCAL_RANK", str(local_rank))

    return pretend


@pytest.mark.parametrize(
    ("count", "local_rank", "backend", "chosen"),
    [
        (0, 1, "gloo", []),
        (2, 1, "cpu:gloo,cuda:nccl", [1]),
        (1, 1, "cpu:gloo,cuda:nccl", []),  # the second process of a run on the CPU
    ],
)
def test_processes_may_talk_on_cpu_and_gpu(gpus, monkeypatch, count, local_rank, backend, chosen):
    gpus(count, local_rank)
    calls = {"device": [], "backend": []}
    monkeypatch.setenv("RANK", str(local_rank))
    monkeypatch.setattr(torch.cuda, "set_device", calls["device"].append)
    monkeypatch.setattr(dist, "init_process_group", lambda b, **_: calls["backend"].append(b))
    met = iter([(dist.HashStore(), local_rank, 1)])
    monkeypatch.setattr(distributed, "rendezvous", lambda url, timeout: met)
    distributed.setup()
    assert calls == {"device": chosen, "backend": [backend]}


@pytest.mark.parametrize(
    ("name", "count", "local_rank", "expected"),
    [
        ("", 0, 1, "cpu"),
        ("cuda", 0, 1, "cpu"),
        ("cpu", 1, 1, "cpu"),
        ("", 2, 1, "cuda:1"),
        ("cuda", 2, 0, "cuda:0"),
        ("cuda:1", 2, 0, "cuda:1"),
    ],
)
def test_the_device_is_that_of_the_process(gpus, name, count, local_rank, expected):
    gpus(count, local_rank)
    assert distributed.device(name) == torch.device(expected)


@pytest.mark.parametrize("name", ["gpu", "meta", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "Cuda"])
def test_other_devices_are_refused(gpus, name):
    gpus(1)
    with pytest.raises(ValueError, match=f"must be cpu, cuda or cuda:N, got '{name}'"):
        distributed.device(name)


@pytest.mark.parametrize(
    ("name", "count", "local_rank", "got"),
    [
        ("cuda:0", 0, 0, "cuda:0 of 0"),
        ("cuda:2", 2, 0, "cuda:2 of 2"),
        ("", 1, 1, "cuda:1 of 1"),
        ("cuda", 1, 1, "cuda:1 of 1"),
    ],
)
def test_an_absent_gpu_is_refused(gpus, name, count, local_rank, got):
    gpus(count, local_rank)
    with pytest.raises(ValueError, match=rf"a GPU that is present, got {got} GPU\(s\); give cpu"):
        distributed.device(name)


def test_a_gpu_that_is_asked_for_by_name_is_there(gpus):
    gpus(0)
    assert distributed.asked_device() == distributed.asked_device("cpu") == torch.device("cpu")
    assert distributed.asked_device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(ValueError, match="device must be one that is present, got cuda without"):
        distributed.asked_device("cuda")
    gpus(1)
    assert distributed.asked_device(torch.device("cuda")) == torch.device("cuda:0")


def test_one_gpu_for_all_processes_is_refused(gpus, monkeypatch):
    gpus(2, 1)
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    with pytest.raises(ValueError, match=r"must be cuda or cpu with 2 processes, got 'cuda:0'"):
        distributed.device("cuda:0")


def test_no_rank_repeats_another_at_any_iteration(monkeypatch):
    def draws(rank, iteration):
        monkeypatch.setattr(distributed, "rank", lambda: rank)
        distributed.seed_all(7, iteration)
        return random.random(), np.random.random(), torch.rand(1).item()

    found = [draws(*place) for place in itertools.product(range(4), range(5))]
    assert all(len(set(kind)) == 20 for kind in zip(*found))
    assert draws(3, 4) == found[-1]
