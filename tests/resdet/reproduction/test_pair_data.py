"""By which keys both networks of a pair are trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from resdet import config
from resdet.reproduction import pair_data
from resdet.reproduction.pair_data import as_pairs, check_sets, fitted_keys, given_keys
from resdet.reproduction.pair_tables import OWN, TABLES


def test_what_is_said_stands_above_a_smoke():
    assert given_keys(["SEED", "3"], smoke=False) == {"SEED": "3"}
    keys = given_keys(["SOLVER.MAX_ITER", "7"], smoke=True)
    assert (keys["SOLVER.MAX_ITER"], keys["MODEL.DEVICE"]) == ("7", "cpu")


def test_both_networks_get_the_anchors_and_the_length_of_one(shapes_root, tmp_path, capsys):
    keys = fitted_keys(shapes_root, tmp_path, {})
    both = [config.load(name, as_pairs(keys)) for name in OWN]
    assert both[0].MODEL.ANCHOR_GENERATOR == both[1].MODEL.ANCHOR_GENERATOR
    assert both[0].SOLVER == both[1].SOLVER
    assert both[0].INPUT == both[1].INPUT
    assert both[1].MODEL.ROI_HEADS.NUM_CLASSES == 6
    assert both[1].TEST.EVAL_PERIOD == 0
    assert "fitted to" in capsys.readouterr().out


def test_a_run_is_no_longer_than_two_cores_stand(shapes_root, tmp_path, monkeypatch):
    monkeypatch.setattr(pair_data, "LONGEST", 50)
    assert fitted_keys(shapes_root, tmp_path, {})["SOLVER.MAX_ITER"] == 50
    asked = fitted_keys(shapes_root, tmp_path, {"SOLVER.MAX_ITER": "70"})
    assert asked["SOLVER.MAX_ITER"] == "70"


def test_sets_that_are_missing_are_named_before_the_work():
    names = [row.config for row in TABLES["table8"].pairs()[0]]
    with pytest.raises(ValueError, match=r"hold coco_2014_train, coco_2014_val, got no with none"):
        check_sets(names, {}, Path("no"))
    named = {"DATASETS.TRAIN": "['coco:a:b']", "DATASETS.TEST": "['coco:c:d']"}
    check_sets(names, named, Path("no"))
