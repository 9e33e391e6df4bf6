"""Where a training stands: whole again, or told what it is not."""

import pytest
import torch

from backbones.training.state import TrainingState, load_state, read_state, save_state, taking_up
from backbones.weights import checkpoint


def state(done, **changes):
    fields = {
        "iteration": done,
        "seed": 3,
        "arch": {"name": "a"},
        "class_names": ("b", "c"),
        "preprocessing": {"mean": [1.0]},
        "progress": {"training": [[1, 2.0]]},
        "model": {"w": torch.arange(3.0)},
        "average": None,
        "optimizer": {"state": {0: {"momentum": torch.ones(1)}}},
        "scaler": {},
        "ranks": [{"a": 1}],
        "rate_scale": 0.5,
    }
    return TrainingState(**{**fields, **changes})


def test_what_is_saved_comes_back_and_the_newest_are_kept(tmp_path):
    for done in (1, 2, 3):
        save_state(tmp_path, state(done), keep=2)
    found = load_state(tmp_path)
    assert torch.equal(found.model["w"], torch.arange(3.0))
    assert found.optimizer["state"][0]["momentum"].tolist() == [1]
    assert (found.iteration, found.class_names, found.rate_scale) == (3, ("b", "c"), 0.5)
    assert len(list(tmp_path.glob("training_state_*.pth"))) == 2
    assert load_state(tmp_path / "new") is None


def test_a_state_of_a_release_before_ranks_is_read(tmp_path):
    save_state(tmp_path, state(1), keep=0)
    (path,) = tmp_path.glob("*.pth")
    payload = checkpoint.load(path)
    del payload["ranks"], payload["rate_scale"]
    checkpoint.save(path, payload)
    assert (read_state(path).ranks, read_state(path).rate_scale) == ([], 1.0)


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({"format": "resdet/1"}, "must be a training state of resdet train-backbone"),
        ({"format": "backbones-training/1"}, r"a\.pth must be a whole .* without \['arch', 'av"),
    ],
)
def test_files_of_others_and_parts(tmp_path, payload, fault):
    checkpoint.save(tmp_path / "a.pth", payload)
    with pytest.raises(ValueError, match=fault):
        read_state(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"x": 1}, "got: .*argument 'x'"),
        ({"iteration": -1}, r"iteration of .*\.pth must be a number of iterations, got -1"),
        ({"class_names": None}, r"class_names of .* must be a list of texts, got None"),
        ({"average": [1]}, "average of .* must be weights by name, or None, got"),
        ({"model": {"w": torch.tensor([1.0, float("nan")])}}, "be finite, .*: 1 of 2 in w"),
        ({"average": {"w": torch.tensor([float("inf")])}}, "be finite, .*: 1 of 1 in w"),
    ],
)
def test_what_is_of_another_kind_is_named(tmp_path, change, fault):
    save_state(tmp_path, state(1), keep=0)
    (path,) = tmp_path.glob("*.pth")
    checkpoint.save(path, checkpoint.load(path) | change)
    with pytest.raises(ValueError, match=fault):
        read_state(path)


def test_what_an_optimiser_and_a_score_keep_may_be_infinite(tmp_path):
    lost = {"state": {0: {"momentum": torch.tensor([float("inf")])}}}
    save_state(tmp_path, state(1, optimizer=lost, progress={"sum": float("-inf")}), keep=0)
    assert load_state(tmp_path).progress["sum"] == float("-inf")


def test_whatever_cannot_be_taken_up_names_the_file(tmp_path):
    for error in (KeyError("seed"), TypeError("a"), AttributeError("b"), RuntimeError("c")):
        told = pytest.raises(ValueError, match=r"a\.pth must hold a run to go on with, .*Error")
        with told, taking_up(tmp_path / "a.pth"):
            raise error
    with pytest.raises(torch.OutOfMemoryError), taking_up(tmp_path / "a.pth"):
        raise torch.OutOfMemoryError
