"""Seven images, tested by one, two and three processes: each counts once, and the numbers agree."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.files.json_file import read_json
from resdet import engines
from resdet.data.shapes.make import make_shapes
from resdet.training.train import train_detector

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(processes, *argv):
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), *map(str, argv)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_detections(small_config, tmp_path):
    root = tmp_path / "seven"
    make_shapes(root, num_train=4, num_val=2, num_test=7, size=96, seed=3)
    cfg = small_config("SOLVER.MAX_ITER", "1", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0")
    train_detector(cfg, engines.load("tv"), "test", tmp_path / "run")
    found = []
    for processes in (1, 2, 3):
        out = tmp_path / f"{processes}.json"
        data = ["--data", root, "--split", "test", "--metric", "area", "--json", out]
        checkpoint = tmp_path / "run" / "model_final.pth"
        run(
            processes,
            "tools/eval_voc.py",
            "--engine",
            "tv",
            "--checkpoint",
            checkpoint,
            *data,
        )
        found.append(read_json(out))
    assert [f["num_images"] for f in found] == [7, 7, 7]
    assert found[0]["num_detections"] > 0
    for other in found[1:]:
        assert other["num_detections"] == found[0]["num_detections"]
        assert (other["mAP"], other["per_class"]) == (found[0]["mAP"], found[0]["per_class"])


def test_classes(tmp_path):
    generator = np.random.default_rng(4)
    for split, count in (("train", 3), ("test", 7)):
        for number in range(count):
            path = tmp_path / "data" / split / "abc"[number % 3] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), generator.integers(0, 256, (8, 8, 3)).astype(np.uint8))
    keys = ["MODEL.NAME", "cifar_resnet8", "MODEL.DEVICE", "cpu", "INPUT.SIZE", "8", "SEED", "3"]
    keys += ["DATASETS.ROOT", tmp_path / "data", "DATASETS.HOLD_OUT", "0", "SOLVER.STEPS", "[]"]
    keys += ["SOLVER.IMS_PER_BATCH", "2", "SOLVER.MAX_ITER", "1"]
    run(
        1,
        "tools/train_backbone.py",
        "--config",
        "cifar10_resnet20",
        "--output",
        tmp_path / "r",
        *keys,
    )
    errors = []
    for processes in (1, 2, 3):
        out = tmp_path / f"{processes}.json"
        options = ["--weights", tmp_path / "r/model_final.pth", "--data", tmp_path / "data"]
        run(
            processes,
            "tools/eval_backbone.py",
            *options,
            "--device",
            "cpu",
            "--json",
            out,
        )
        errors.append(read_json(out))
    assert [e["num_images"] for e in errors] == [7, 7, 7]
    for measure in ("top1_error", "top5_error"):
        assert len({e[measure] for e in errors}) == 1
    sevenths = errors[0]["top1_error"] / 100 * 7
    assert sevenths == pytest.approx(round(sevenths))
