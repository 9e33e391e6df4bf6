"""Boards of a run: numbers and pictures, for TensorBoard and on request for wandb.ai."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from backbones.config import CfgNode
from backbones.machine import distributed
from backbones.training.boards import TensorBoard, WeightsAndBiases, wandb_board
from backbones.training.runlog import RunLog

PICTURE = np.zeros((20, 30, 3), np.uint8)


def config(**values):
    return CfgNode({"WANDB": {"ENABLED": True, "PROJECT": "resdet", "NAME": "", **values}, "A": 1})


def test_tensorboard_has_curves_and_pictures(tmp_path):
    board = TensorBoard(tmp_path)
    board.scalars(3, {"loss": 1.5})
    board.picture(3, "voc/000012", PICTURE)
    board.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(3, 1.5)]
    (image,) = events.Images("voc/000012")
    assert (image.step, image.width, image.height) == (3, 30, 20)


class Board:
    def __init__(self):
        self.seen = []

    def scalars(self, iteration, values):
        self.seen.append((iteration, dict(values)))

    def picture(self, iteration, name, picture):
        self.seen.append((iteration, name))

    def close(self, *, failed):
        self.seen.append("failed" if failed else "closed")


def test_a_run_tells_all_its_boards(tmp_path):
    board = Board()
    with RunLog(tmp_path, "test", 9, boards=[lambda: board]) as log:
        log.scalars(0, {"loss": 2.0, "lost": float("nan")})
        log.picture(0, "voc/1", PICTURE)
    assert board.seen == [(0, {"loss": 2.0}), (0, "voc/1"), "closed"]


def test_boards_are_told_of_a_run_that_failed(tmp_path):
    board = Board()
    with pytest.raises(ValueError, match="broken"), RunLog(tmp_path, "test", 9, 0, [lambda: board]):
        raise ValueError("broken")
    assert board.seen == ["failed"]


def test_only_the_main_process_has_boards(tmp_path, monkeypatch):
    monkeypatch.setattr(distributed, "is_main", lambda: False)
    with RunLog(tmp_path, "test", 9, boards=[lambda: pytest.fail("made")]) as log:
        log.scalars(0, {"loss": 2.0})
        log.picture(0, "voc/1", PICTURE)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_one_error_says_how_to_get_it(tmp_path, monkeypatch):
    assert wandb_board(config(ENABLED=False), tmp_path, resumed=False) == []
    for found in (None, SimpleNamespace(origin=None)):  # absent; a folder that wandb left
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, found=found: found)
        with pytest.raises(ValueError, match=r"got True; pip install 'resdet\[wandb\]'"):
            wandb_board(config(), tmp_path, resumed=False)


class Wandb:
    """A stand-in for the package."""

    class errors:
        class Error(Exception):
            pass

    def __init__(self, fails=""):
        self.inits, self.logged, self.fails = [], [], fails

    def init(self, **options):
        if self.fails:
            raise self.errors.Error(self.fails)
        self.inits.append(options)
        return SimpleNamespace(
            id=options["id"] or "abc",
            define_metric=lambda *a, **k: self.logged.append((*a, k)),
            log=self.logged.append,
            finish=lambda exit_code: self.logged.append(f"finished {exit_code}"),
        )

    def Settings(self, **options):
        return options

    def Image(self, picture):
        return picture.shape


@pytest.fixture
def wandb(monkeypatch):
    module = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: SimpleNamespace(origin="here"))
    return module


def test_weights_and_biases_gets_config_curves_and_pictures(tmp_path, wandb):
    (make,) = wandb_board(config(PROJECT="mine"), tmp_path / "shapes", resumed=False)
    (tmp_path / "shapes").mkdir()
    board = make()
    board.scalars(7, {"loss": 1.0})
    board.picture(7, "voc/1", PICTURE)
    board.close()
    (options,) = wandb.inits
    assert (options["project"], options["name"], options["id"]) == ("mine", "shapes", None)
    assert options["dir"] == str(tmp_path / "shapes")
    assert options["config"]["WANDB"]["PROJECT"] == "mine"
    assert type(options["config"]["WANDB"]) is dict
    assert wandb.logged == [
        ("*", {"step_metric": "iteration"}),
        {"iteration": 7, "loss": 1.0},
        {"iteration": 7, "voc/1": (20, 30, 3)},
        "finished 0",
    ]


def test_a_resumed_run_goes_on_with_its_own(tmp_path, wandb):
    for resumed in (False, True, False):
        (make,) = wandb_board(config(NAME="n"), tmp_path, resumed=resumed)
        make().close()
    assert [(one["id"], one["resume"]) for one in wandb.inits] == [
        (None, None),
        ("abc", "allow"),
        (None, None),
    ]


def test_a_failed_run_is_marked_as_one(tmp_path, wandb):
    WeightsAndBiases(tmp_path, "p", "n", {}, resumed=False).close(failed=True)
    assert wandb.logged[-1] == "finished 1"


def test_what_wandb_refuses_is_one_error(tmp_path, wandb):
    wandb.fails = "api_key not configured"
    with pytest.raises(ValueError, match=r"api_key not configured; `wandb login`, or WANDB_MODE"):
        WeightsAndBiases(tmp_path, "p", "n", {}, resumed=False)


@pytest.mark.slow  # it starts a service
def test_the_package_itself_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    for resumed in (False, True):
        (make,) = wandb_board(config(), tmp_path, resumed=resumed)
        board = make()
        board.scalars(0, {"loss": 1.0})
        board.picture(0, "voc/1", PICTURE)
        board.close()
    runs = sorted(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    assert len(runs) == 2
    assert len({path.name for path in runs}) == 1  # both of one run
