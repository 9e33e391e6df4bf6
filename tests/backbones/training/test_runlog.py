"""What a run leaves between its parts: no metric is lost, all processes read one checkpoint."""

import json
import os

import pytest
from matplotlib.figure import Figure

from backbones.training.curves import new_figure, save_figure
from backbones.training.runlog import RunLog, has_evaluation


def write(folder, lines):
    (folder / "metrics.json").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_metrics_survive_a_kill_at_any_moment_of_a_resumed_start(tmp_path, monkeypatch):
    lines = [{"iteration": i, "lr": 0.1} for i in range(6)]
    write(tmp_path, lines)

    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", kill)
        with pytest.raises(KeyboardInterrupt), RunLog(tmp_path, "test", 9, 4):
            pass
    assert (tmp_path / "metrics.json").read_text().count("\n") == 6
    with RunLog(tmp_path, "test", 9, 4) as log:  # before a line is logged the old ones are there
        assert (tmp_path / "metrics.json").read_text().count("\n") == 4
        log.scalars(4, {"lr": 0.2})
    assert json.loads((tmp_path / "metrics.json").read_text().splitlines()[-1])["lr"] == 0.2


def test_an_evaluation_is_told_from_training(tmp_path):
    assert not has_evaluation(tmp_path, 3)
    write(tmp_path, [{"iteration": 1, "AP": 0.3}, {"iteration": 2, "lr": 0.1, "total_loss": 1}])
    assert has_evaluation(tmp_path, 2)
    assert not has_evaluation(tmp_path, 3)


def test_a_picture_is_whole_or_not_there(tmp_path, monkeypatch):
    def cut(figure, file, **_):
        file.write(b"half")
        raise KeyboardInterrupt

    picture = tmp_path / "curve.png"
    save_figure(new_figure(2, 2), picture)
    whole = picture.read_bytes()
    monkeypatch.setattr(Figure, "savefig", cut)
    with pytest.raises(KeyboardInterrupt):
        save_figure(new_figure(2, 2), picture)
    assert [p.name for p in tmp_path.iterdir()] == ["curve.png"]
    assert picture.read_bytes() == whole
