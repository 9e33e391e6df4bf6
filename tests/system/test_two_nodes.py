"""Two nodes of one process, meeting on the loopback, do what one node of two processes does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.files.json_file import read_json

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def start(*argv):
    command = [sys.executable, "-m", "torch.distributed.run", *map(str, argv)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def one_node(*argv):
    finish(start("--standalone", "--nproc-per-node=2", *argv))


def two_nodes(*argv):
    meeting = ["--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--rdzv-id=test"]
    meeting += [f"--rdzv-endpoint=127.0.0.1:{free_port()}", "--local-addr=127.0.0.1"]
    finish(*[start(*meeting, *argv) for _ in range(2)])


def finish(*nodes):
    try:
        told = [node.communicate(timeout=170)[0] for node in nodes]
    finally:
        for node in nodes:
            node.kill()
    assert [node.returncode for node in nodes] == [0] * len(nodes), "\n".join(told)


def losses(run):
    lines = [json.loads(line) for line in (run / "metrics.json").read_text().splitlines()]
    return [line["total_loss"] for line in lines if "total_loss" in line]


def test_a_classifier(tmp_path):
    for split in ("train", "test"):
        for number, name in enumerate("abcd"):
            path = tmp_path / "data" / split / name / "0.png"
            path.parent.mkdir(parents=True)
            cv2.imwrite(str(path), np.full((8, 8, 3), 60 * number, np.uint8))
    keys = {
        "MODEL.NAME": "cifar_resnet8",
        "MODEL.DEVICE": "cpu",
        "DATASETS.ROOT": tmp_path / "data",
        "DATASETS.HOLD_OUT": 0,
        "DATALOADER.NUM_WORKERS": 0,
        "INPUT.SIZE": 8,
        "SOLVER.IMS_PER_BATCH": 4,
        "SOLVER.MAX_ITER": 6,
        "SOLVER.STEPS": "[5]",
        "SOLVER.CHECKPOINT_PERIOD": 2,
        "SEED": 3,
    }
    flat = [text for pair in keys.items() for text in pair]
    for name, launch in (("one", one_node), ("two", two_nodes)):
        run = ["--config", "cifar10_resnet20", "--output", tmp_path / name]
        launch("tools/train_backbone.py", *run, *flat)
    one, two = (read_json(tmp_path / name / "results.json") for name in ("one", "two"))
    assert two["num_processes"] == 2
    assert two["metrics"] == one["metrics"]
    assert losses(tmp_path / "two") == losses(tmp_path / "one")


def test_a_detector(small_config, shapes_root, tmp_path):
    cfg = small_config("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0", "SEED", "3")
    (tmp_path / "cfg.yaml").write_text(cfg.dump())
    for name, launch in (("one", one_node), ("two", two_nodes)):
        run = ["--config", tmp_path / "cfg.yaml", "--output", tmp_path / name]
        launch("tools/train_det.py", "--engine", "tv", *run)
    one, two = (read_json(tmp_path / name / "results.json") for name in ("one", "two"))
    assert two["num_processes"] == 2
    assert two["metrics"] == one["metrics"]
    assert losses(tmp_path / "two") == losses(tmp_path / "one")

    data = ["--data", shapes_root, "--split", "test", "--engine", "tv", "--metric", "area"]
    data += ["--checkpoint", tmp_path / "one" / "model_final.pth"]
    data += ["--json", tmp_path / "eval.json", "--shards", tmp_path / "shards"]
    two_nodes("tools/eval_voc.py", *data)
    measured, trained = read_json(tmp_path / "eval.json"), one["metrics"]["shapes_test"]["area"]
    assert measured["num_detections"] > 0
    assert {name: measured[name] for name in trained} == trained
