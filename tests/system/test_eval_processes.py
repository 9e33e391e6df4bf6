"""eval_voc and eval_coco under torchrun: the numbers and boxes of one process, to the last bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backbones.files.json_file import read_json
from resdet import engines
from resdet.evaluation import load_matches
from resdet.training.train import train_detector

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def checkpoint(small_config, folder):
    if not (folder / "model_final.pth").exists():
        cfg = small_config(
            *("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()"),
            *("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0"),
        )
        train_detector(cfg, engines.load("tv"), "test", folder)
    return folder / "model_final.pth"


def run(processes, name, *argv, code=0):
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command = [sys.executable, *(torchrun if processes > 1 else []), f"tools/{name}.py", *argv]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
    return done


def assert_same(one, two):
    numbers = [read_json(path) | {"matches": "", "seconds": 0} for path in (one, two)]
    assert numbers[0] == numbers[1]
    found = [load_matches(path.with_suffix(".matches.npz")).matches for path in (one, two)]
    assert len(found[0].scores) > 0
    for column in ("images", "labels", "scores", "boxes", "verdicts"):
        assert np.array_equal(getattr(found[0], column), getattr(found[1], column)), column


def options(tool, checkpoint, root, out, *more):
    data = ["--data", root, "--split", "test"]
    if tool == "eval_coco":
        data = ["--annotations", root / "annotations/instances_test.json"]
        data += ["--images", root / "JPEGImages"]
    return [tool, "--engine", "tv", "--checkpoint", checkpoint, *data, "--json", out, *more]


@pytest.mark.parametrize("tool", ["eval_voc", pytest.param("eval_coco", marks=pytest.mark.slow)])
def test_two_processes_score_as_one(tool, checkpoint, shapes_root, tmp_path):
    files = [tmp_path / f"{n}.json" for n in range(3)]
    run(1, *options(tool, checkpoint, shapes_root, files[0]))
    shards = ["--shards", tmp_path / "shards"]
    done = run(2, *options(tool, checkpoint, shapes_root, files[1], *shards))
    assert done.stdout.count("written: ") == 1  # by one of the two
    assert_same(files[0], files[1])
    first, second = sorted((tmp_path / "shards").iterdir())  # one a process
    written = first.stat().st_mtime_ns
    second.unlink()  # as if that process had died
    run(1, *options(tool, checkpoint, shapes_root, files[2], *shards))
    assert_same(files[0], files[2])
    assert first.stat().st_mtime_ns == written
    assert second.exists()


@pytest.mark.slow
def test_two_processes_without_shards_score_as_one(checkpoint, shapes_root, tmp_path):
    for processes in (1, 2):
        out = tmp_path / f"{processes}.json"
        run(processes, *options("eval_voc", checkpoint, shapes_root, out))
    assert_same(tmp_path / "1.json", tmp_path / "2.json")


@pytest.mark.slow
def test_a_foreign_shard_is_one_message_of_one_process(checkpoint, shapes_root, tmp_path):
    shards = ["--shards", tmp_path / "shards"]
    argv = options("eval_voc", checkpoint, shapes_root, tmp_path / "r.json", *shards)
    run(1, *argv)
    (shard,) = (tmp_path / "shards").iterdir()
    shard.write_bytes(shard.read_bytes()[:-1])
    done = run(2, *argv, code=2)
    assert done.stderr.count("must be a whole shard") == 1
    assert "error: " in done.stderr


def refused(environment, *argv):
    command = [sys.executable, "tools/eval_voc.py", "--split", "test", *map(str, argv)]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    return done.stderr


def test_faults(shapes_root, tmp_path):
    data = ["--data", shapes_root, "--detections", tmp_path]
    told = refused({"WORLD_SIZE": "2"}, *data)
    assert "--detections must be scored by one process, got 2" in told
    assert "--shards goes with --checkpoint" in refused({}, *data, "--shards", tmp_path / "s")
