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


MODELS = Series("model")


def read(path):
    """A stand-in: a file that says "whole" is of the iteration after the one in its name."""
    if path.read_text() != "whole":
        raise ValueError(f"{path.name} is broken")
    return SimpleNamespace(iteration=int(path.stem.rpartition("_")[2]) + 1)


def save(folder, done, keep=0, text="whole"):
    (folder / MODELS.name(done)).write_text(text)
    MODELS.advance(folder, MODELS.name(done), done, keep)


def names(folder):
    return sorted(path.name for path in folder.glob("*.pth"))


def test_files_are_named_after_their_last_iteration():
    assert MODELS.name(5) == "model_0000004.pth"


def test_the_newest_are_kept_and_what_is_yet_to_come(tmp_path):
    (tmp_path / "model_final.pth").write_text("whole")
    for done in (1, 2, 3, 9):
        save(tmp_path, done)
    save(tmp_path, 4, keep=2)
    kept = [MODELS.name(done) for done in (3, 4, 9)]
    assert names(tmp_path) == [*kept, "model_final.pth"]
    save(tmp_path, 5, keep=1)
    assert names(tmp_path) == [MODELS.name(5), MODELS.name(9), "model_final.pth"]


def test_a_damaged_newest_is_passed_over_for_the_one_before(tmp_path, capsys):
    assert MODELS.read_newest(tmp_path, read) is None
    for done in (1, 2):
        save(tmp_path, done)
    save(tmp_path, 3, text="half")
    save(tmp_path, 4, text="half")
    assert MODELS.read_newest(tmp_path, read).iteration == 2
    told = capsys.readouterr().out
    assert told.startswith(f"passed over: {MODELS.name(4)} is broken\ngoing on from")
    for done in (1, 2):
        (tmp_path / MODELS.name(done)).write_text("half")
    with pytest.raises(ValueError, match=f"{MODELS.name(4)} is broken"):
        MODELS.read_newest(tmp_path, read)


def test_a_run_starts_anew_or_goes_on_only_when_told(tmp_path, capsys):
    assert MODELS.take_up(tmp_path / "new", read, resume=False) is None
    assert MODELS.take_up(tmp_path / "new", read, resume=True) is None
    assert capsys.readouterr().out == f"{tmp_path}/new holds no run yet: starting one\n"
    save(tmp_path, 3)
    assert MODELS.take_up(tmp_path, read, resume=True).iteration == 3
    with pytest.raises(ValueError, match="--output must be new, got .*; give --resume to go on"):
        MODELS.take_up(tmp_path, read, resume=False)
