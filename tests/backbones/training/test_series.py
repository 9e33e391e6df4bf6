"""Which checkpoint a run goes on from, and which are kept."""

from types import SimpleNamespace

import pytest

from backbones.machine import distributed
from backbones.training.series import Series
from backbones.weights.checkpoint import mark_last


def test_processes_that_read_different_checkpoints_do_not_train(tmp_path, monkeypatch):
    (tmp_path / "model_0000004.pth").write_bytes(b"")
    mark_last(tmp_path, "model_0000004.pth")

    def take_up():
        read = lambda path: SimpleNamespace(iteration=5)  # noqa: E731
        return Series("model").take_up(tmp_path, read, resume=True)

    assert take_up().iteration == 5
    monkeypatch.setattr(distributed, "gather", lambda own: [own, 0])
    with pytest.raises(ValueError, match="got those of iterations 5, 0 by rank; let all machines"):
        take_up()
