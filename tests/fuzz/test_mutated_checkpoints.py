"""Checkpoints whose structure is broken at any depth: one line that names the file, or loaded."""

import numpy as np
import pytest
import torch
from flipping import same
from mutating import MOST_MEMORY, Subject, measured, mutant, mutate, write_torch
from strangers import SUBJECTS

FEW, MANY = 12, 2000


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_mutants(subject, tmp_path):
    tally = mutate(subject, tmp_path, FEW)
    assert tally.faults == []
    assert tally.refused > FEW / 4


@pytest.mark.slow
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_many_mutants_in_little_memory(subject):
    found = measured(subject.name, -(-MANY // len(SUBJECTS)))
    assert found["faults"] == []
    assert found["peak"] < MOST_MEMORY


SOUND = {"a": [1, 2.5, "x"], "b": {"c": torch.ones(3), "d": np.ones(2)}, "e": "f: {g: 1}\nh: [2]\n"}


def test_mutants_are_always_the_same_of_every_kind_and_leave_the_sound_one():
    done = []
    for number in range(400):
        how, _ = mutant(SOUND, number)
        assert how == mutant(SOUND, number)[0]
        done.append(how)
        assert SOUND["a"] == [1, 2.5, "x"]
        assert same(SOUND["b"]["c"], torch.ones(3))
    for what in (
        "gone",
        " is ",
        "twice",
        "tensor",
        "array",
        "value",
        "times",
        "/e>/f/g",
        "/b/c",
        ";",
    ):
        assert any(what in how for how in done), what


def raises(error):
    def use(path):
        if not same(torch.load(path, weights_only=False), {"a": 1}):
            raise error

    return use


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ValueError("a of stranger.pth must be b"), None),
        (ValueError("a must be b"), "not a line that names the file"),
        (ValueError("stranger.pth must be b\nor c"), "not a line that names the file"),
        (TypeError("stranger.pth"), "TypeError: stranger.pth"),
        (KeyError("stranger.pth"), "KeyError: 'stranger.pth'"),
        (ValueError("stranger.pth" * 999), "a message of"),
    ],
)
def test_what_counts_as_a_fault(tmp_path, error, fault):
    subject = Subject("any", lambda: {"a": 1}, write_torch, raises(error))
    tally = mutate(subject, tmp_path, 9)
    assert bool(tally.faults) == (fault is not None)
    assert all(fault in told for told in tally.faults)
    assert tally.refused == (0 if fault else 9 - tally.loaded)
