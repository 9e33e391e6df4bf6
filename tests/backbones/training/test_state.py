"""Where a training stands: whole again, or told what it is not."""

import pytest
import torch

from backbones.training.state import TrainingState, load_state, read_state, save_state
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
        ({"format": "backbones-training/1"}, "whole training state, got: 'class_names'"),
        ({"format": "backbones-training/1", "class_names": [], "x": 1}, "got: .*argument 'x'"),
    ],
)
def test_files_of_others_and_parts(tmp_path, payload, fault):
    checkpoint.save(tmp_path / "a.pth", payload)
    with pytest.raises(ValueError, match=fault):
        read_state(tmp_path / "a.pth")
