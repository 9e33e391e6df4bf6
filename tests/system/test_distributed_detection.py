"""Two processes under torchrun on the CPU do what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("two_processes.py")


def launch(processes: int, *arguments: str) -> subprocess.CompletedProcess:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command = [sys.executable, *(torchrun if processes > 1 else []), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_gradients_of_two_processes_are_those_of_one(small_config, tmp_path: Path) -> None:
    cfg = small_config(
        # every anchor and every proposal is sampled
        *("MODEL.RPN.BATCH_SIZE_PER_IMAGE", "100000", "MODEL.RPN.POSITIVE_FRACTION", "1.0"),
        *("MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE", "100000"),
        *("MODEL.ROI_HEADS.POSITIVE_FRACTION", "1.0", "MODEL.RPN.POST_NMS_TOPK_TRAIN", "40"),
    )
    (tmp_path / "cfg.yaml").write_text(cfg.dump())
    gradients = []
    for processes in (1, 2):
        file = tmp_path / f"{processes}.pth"
        launch(processes, str(WORKER), "gradients", str(tmp_path / "cfg.yaml"), str(file))
        gradients.append(torch.load(file, weights_only=True))
    one, two = gradients
    assert one.keys() == two.keys()
    assert max(g.abs().max() for g in one.values()) > 1e-3
    for name, gradient in one.items():
        assert (gradient - two[name]).abs().max() < 1e-5, name


def arguments(cfg, output: Path, iterations: int) -> list[str]:
    path = output.with_suffix(".yaml")
    cfg.SOLVER.MAX_ITER, cfg.SOLVER.STEPS = iterations, (iterations - 1,)
    path.write_text(cfg.dump())
    return ["tools/train_det.py", "--config", str(path), "--output", str(output)]


def losses(run: Path) -> list[float]:
    lines = [json.loads(x) for x in (run / "metrics.json").read_text().splitlines()]
    return [x["total_loss"] for x in lines if "total_loss" in x]


def test_two_processes_train_by_the_tool_and_count_each_image_once(
    small_config, tmp_path: Path
) -> None:
    launch(2, *arguments(small_config(), tmp_path / "two", 3))
    results = json.loads((tmp_path / "two/results.json").read_text())
    assert results["num_processes"] == 2
    numbers = results["metrics"]["shapes_test"]["area"]
    entries = json.loads((tmp_path / "two/coco_instances_results.json").read_text())
    assert numbers["num_images"] == 4
    assert numbers["num_detections"] == len(entries)
    unique = {(e["image_id"], *e["bbox"], e["category_id"], e["score"]) for e in entries}
    assert len(unique) == len(entries)


@pytest.mark.slow
def test_over_100_iterations_both_learn_alike(small_config, tmp_path: Path) -> None:
    runs = []
    for processes in (1, 2):
        cfg = small_config("SOLVER.IMS_PER_BATCH", "4", "DATASETS.TEST", "()")
        cfg.SOLVER.WARMUP_ITERS = 10
        launch(processes, *arguments(cfg, tmp_path / str(processes), 100))
        runs.append(losses(tmp_path / str(processes)))
    one, two = runs
    assert one[-1] < 0.8 * one[0]
    assert two[-1] < 0.8 * two[0]
    assert two[-1] == pytest.approx(one[-1], rel=0.2)


@pytest.mark.slow
def test_a_process_without_any_box_neither_hangs_nor_spoils(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "100", "SOLVER.WARMUP_ITERS", "10")
    cfg.SOLVER.REFERENCE_IMS_PER_BATCH = 0
    (tmp_path / "cfg.yaml").write_text(cfg.dump())
    launch(2, str(WORKER), "learn", str(tmp_path / "cfg.yaml"), str(tmp_path / "run"))
    found = losses(tmp_path / "run")
    assert found[-1] < 0.5 * found[0]


def test_statistics_of_batch_norms_are_shared_before_they_are_read(
    small_config, tmp_path: Path
) -> None:
    """What two processes measured is what the checkpoint they saved measures."""
    cfg = small_config("MODEL.RESNETS.NORM", "BN", "SOLVER.BASE_LR", "0.2")
    launch(2, *arguments(cfg, tmp_path / "two", 4))
    path = tmp_path / "two.yaml"
    launch(1, *arguments(cfg, path.with_suffix(""), 4), "--eval-only")
    trained, alone = (
        json.loads((tmp_path / "two" / name).read_text())["metrics"]["shapes_test"]["area"]
        for name in ("results.json", "evaluation.json")
    )
    assert trained["num_detections"] == alone["num_detections"] > 0
    assert trained["per_class"] == alone["per_class"]
