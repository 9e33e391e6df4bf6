"""Two processes under torchrun around detectron2's model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2
ROOT = Path(__file__).resolve().parents[2]


def test_two_processes_train_on_d2_and_count_each_image_once(small_config, tmp_path: Path) -> None:
    config = tmp_path / "cfg.yaml"
    config.write_text(small_config("SOLVER.MAX_ITER", "2", "SOLVER.STEPS", "[1]").dump())
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["tools/train_det.py", "--config", str(config), "--engine", "d2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "run")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert (results["engine"], results["num_processes"]) == ("d2", 2)
    assert results["metrics"]["shapes_test"]["area"]["num_images"] == 4
