"""What a process takes up again: random numbers to the bit, statistics, or a remark why not."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

from backbones.machine import distributed
from backbones.training.ranks import (
    follow_main,
    gather_ranks,
    own_state,
    restore_rank,
    share_statistics,
)

CPU = torch.device("cpu")


def drawn():
    return random.random(), float(np.random.randn()), random.gauss(0, 1), torch.rand(2).tolist()


@pytest.fixture
def model():
    model = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1))
    model[0].running_mean.fill_(3.0)
    return model


@pytest.fixture
def two(monkeypatch):
    """The first of two processes, whose other has the same."""
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    monkeypatch.setattr(distributed, "gather", lambda own: copy.deepcopy([own, own]))
    monkeypatch.setattr(distributed, "mean_over_ranks", lambda value: value / 2)


def test_random_numbers_go_on_to_the_bit(model):
    random.gauss(0, 1)
    np.random.randn()
    states = gather_ranks(model, CPU, progress={"a": 1})
    assert states[0]["progress"] == {"a": 1}
    assert "statistics" not in states[0]
    before = drawn()
    assert restore_rank(states, model, CPU, seed=0, iteration=5) == ""
    assert drawn() == before


def test_what_a_checkpoint_cannot_give_begins_anew_and_is_told(model):
    states = gather_ranks(model, CPU)
    remark = restore_rank([*states, *states], model, CPU, seed=3, iteration=5)
    assert remark == (
        "the checkpoint is of 2 process(es), this run has 1: random numbers begin anew, from seed 3"
    )
    first = drawn()
    assert restore_rank([], model, CPU, seed=3, iteration=5) == ""
    assert drawn() == first
    states[0]["random"]["cuda"] = torch.zeros(1)
    remark = restore_rank(states, model, CPU, seed=3, iteration=5)
    assert remark.startswith("the checkpoint is of another kind of device than cpu: random")


def test_statistics_are_each_processs_own(model, two):
    states = gather_ranks(model, CPU)
    assert set(states[0]["statistics"]) == {"0.running_mean", "0.running_var"}
    model[0].running_mean.zero_()
    assert restore_rank(states, model, CPU, seed=0, iteration=5) == ""
    assert model[0].running_mean.tolist() == [3, 3]
    other = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
    remark = restore_rank(states, other, CPU, seed=0, iteration=5)
    assert remark == "batch-norm statistics are those of the first process"


def test_the_state_of_this_process_or_of_the_first(monkeypatch):
    assert own_state([]) == {}
    assert own_state([{"a": 0}, {"a": 1}]) == {"a": 0}
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    assert own_state([{"a": 0}, {"a": 1}]) == {"a": 1}
    assert own_state([{"a": 0}]) == {"a": 0}


def test_statistics_are_averaged_over_processes_only(model, monkeypatch, two):
    share_statistics(model)
    assert model[0].running_mean.tolist() == [1.5, 1.5]
    monkeypatch.setattr(distributed, "world_size", lambda: 1)
    share_statistics(model)
    follow_main(model)
    assert model[0].running_mean.tolist() == [1.5, 1.5]
