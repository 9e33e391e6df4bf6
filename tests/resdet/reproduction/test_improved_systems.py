"""Tests that are made once, what they give, and what is for a server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resdet.evaluation.voc.comp4 import write_comp4
from resdet.reproduction import improved_systems
from resdet.reproduction.improved_rows import MAXOUT, REFINE, STARTS, TABLES, TRAINVAL, System
from resdet.reproduction.improved_systems import Bench
from resdet.structures.classes import VOC_CLASSES
from resdet.structures.records import Detections

RULE = {"mAP": {"0.50": 0.5}, "per_class": {name: {"0.50": 0.25} for name in VOC_CLASSES}}
VOC = {"voc": {"11point": RULE, "area": {**RULE, "mAP": {"0.50": 0.75}}}}
COCO = {"coco": {"AP": 0.25, "AP50": 0.5, "AP75": 0.3}}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "runs", tmp_path / "tests", None, {})


def leave(bench: Bench, test: System, metrics: dict) -> None:  # type: ignore[type-arg]
    place = bench.place(test)
    place.mkdir(parents=True)
    (place / "results.json").write_text(json.dumps({"metrics": metrics}))


def test_a_test_of_a_run_lies_apart(bench: Bench) -> None:
    assert bench.place(System("a")) == bench.runs / "a-seed1"
    assert bench.place(System("a", REFINE)) == bench.tests / "a-refine"


def test_values_are_those_of_the_table(bench: Bench) -> None:
    leave(bench, System("a"), COCO)
    leave(bench, System("b"), VOC)
    assert bench.values(System("a"), TABLES["table9"]) == [50, 25]
    assert bench.values(System("b"), TABLES["table10"]) == [50, *[25] * 20]
    assert bench.values(System("b"), TABLES["table11"])[0] == 75
    assert bench.values(System("c"), TABLES["table9"]) == [None, None]


def test_what_is_published_counts_where_nothing_was_run(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a-refine.json").write_text(json.dumps({"metrics": COCO}))
    system, table = System("a", REFINE), TABLES["table9"]
    assert bench.values(system, table) == [None, None]
    assert replace(bench, published=tmp_path).values(system, table) == [50, 25]
    leave(bench, system, {"coco": {"AP": 0.5, "AP50": 0.75}})
    assert replace(bench, published=tmp_path).values(system, table) == [75, 50]


def test_an_archive_is_written_where_a_server_has_the_objects(bench: Bench) -> None:
    test, table = System("a"), TABLES["table11"]
    leave(bench, test, {"voc": {}})
    box, one = np.array([[1, 2, 9, 9]], np.float32), np.ones(1)
    found = [Detections("2012_000001", box, one.astype(np.int64), one.astype(np.float32))]
    write_comp4(bench.place(test) / "comp4", found, VOC_CLASSES)
    sent = bench.to_send(test)
    assert sent == bench.place(test) / "comp4.tar.gz"
    assert sent.is_file()
    assert set(bench.values(test, table)) == {None}
    answer = bench.place(test) / "server.json"
    answer.write_text('{"mAP": 73.8, "bird": 77.2}')
    assert bench.values(test, table)[:4] == [73.8, None, None, 77.2]


@pytest.mark.parametrize("scores", [3, {"11point": 3}, {"11point": {"mAP": {}, "per_class": {}}}])
def test_numbers_of_another_kind_are_told(bench: Bench, scores: object) -> None:
    leave(bench, System("a"), {"voc": scores})
    told = r"results.json must hold mAP, .* by the rules of 11point, got .*, or remove it"
    with pytest.raises(ValueError, match=told):
        bench.values(System("a"), TABLES["table10"])


def test_cocos_server_takes_the_json(bench: Bench) -> None:
    leave(bench, System("a"), {"coco": {}})
    leave(bench, System("b"), COCO)
    assert bench.to_send(System("a")) == bench.place(System("a")) / "coco_instances_results.json"
    assert bench.to_send(System("b")) is None
    assert bench.to_send(System("c")) is None


def test_sets_that_are_missing_are_named_before_the_work(bench: Bench, tmp_path: Path) -> None:
    lists = tmp_path / "VOC2007" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "test.txt").touch()
    bench.check_sets([System("voc0712_r101")])
    bench = replace(bench, data=tmp_path)
    text = "must hold voc_2007_trainval, voc_2012_trainval, got .* with voc_2007_test; put"
    with pytest.raises(ValueError, match=text):
        bench.check_sets([System("voc0712_r101")])
    with pytest.raises(ValueError, match="coco_2014_train, coco_2014_val"):
        bench.check_sets([System("voc0712_r101_coco")])
    leave(bench, System("voc0712_r101"), VOC)
    bench.check_sets([System("voc0712_r101")])


def test_each_detector_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained, tested = [], []

    def train(run: improved_systems.Run) -> None:
        trained.append((run.folder.name, dict(zip(run.pairs[::2], run.pairs[1::2]))))
        run.folder.mkdir(parents=True)
        (run.folder / "results.json").write_text('{"metrics": {}}')

    def evaluate(cfg, engine, name, directory, path) -> None:  # type: ignore[no-untyped-def]
        tested.append((name, cfg.TEST.ENSEMBLE, path))

    monkeypatch.setattr(improved_systems.Run, "train", train)
    monkeypatch.setattr(improved_systems, "evaluate_checkpoint", evaluate)
    keys = {"MODEL.DEVICE": "cpu", "INPUT.MIN_SIZE_TEST": 60}
    bench = Bench(tmp_path / "runs", tmp_path / "tests", tmp_path, keys)
    bench.measure(System(TRAINVAL, MAXOUT, members=3))
    bench.measure(System("voc0712_r101_coco"))
    bench.measure(System("voc0712_r101_coco"))
    assert [name for name, _ in trained] == [
        *(f"{TRAINVAL}-seed{seed}" for seed in (1, 2, 3)),
        "voc0712_r101_coco-seed1",
    ]
    files = [bench.place(System(TRAINVAL)).with_name(f"{TRAINVAL}-seed{s}") for s in (1, 2, 3)]
    first, *others = [folder / "model_final.pth" for folder in files]
    assert tested == [(f"{TRAINVAL}-maxout_sizes-ensemble", list(map(str, others)), first)]
    given = trained[-1][1]
    assert given["MODEL.WEIGHTS"] == str(first)
    assert given["TEST.MAXOUT_SIZES"] == "[20, 40, 60, 80, 100]"
    assert given["MODEL.DEVICE"] == "cpu"
    assert "TEST.MAXOUT_SIZES" not in trained[0][1]
    assert STARTS["voc0712_r101_coco"] == TRAINVAL
