"""Two processes under torchrun on the CPU do what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from resdet.data.voc import load_voc

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("two_processes.py")


def launch(processes: int, *arguments: str) -> subprocess.CompletedProcess:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command = [sys.executable, *(torchrun if processes > 1 else []), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
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
        launch(processes, str(WORKER), str(tmp_path / "cfg.yaml"), str(file))
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
    assert results["processes"] == 2
    numbers = results["metrics"]["shapes_test"]["area"]
    entries = json.loads((tmp_path / "two/coco_instances_results.json").read_text())
    assert numbers["num_images"] == 4
    assert numbers["num_detections"] == len(entries)
    per_image = {}
    for entry in entries:
        per_image.setdefault(entry["image_id"], []).append(tuple(entry["bbox"]))
    assert all(len(boxes) <= 100 for boxes in per_image.values())


def without_boxes(root: Path, folder: Path, rank: int) -> None:
    """A copy of the data in which every image that process `rank` of 2 draws has no object."""
    import shutil

    from resdet.data.loader import shuffled

    shutil.copytree(root, folder)
    records = load_voc(root, "trainval").records
    draws = [next_index for next_index, _ in _take(shuffled(range(len(records)), 1), len(records))]
    for index in draws[rank::2]:
        file = folder / "Annotations" / f"{records[index].image_id}.xml"
        text = file.read_text()
        head, rest = text[: text.index("<object>")] if "<object>" in text else text, ""
        file.write_text(head + rest + ("</annotation>" if "<object>" in text else ""))


def _take(iterator, count: int):
    return [next(iterator) for _ in range(count)]


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
def test_a_process_without_any_box_neither_hangs_nor_spoils(
    small_config, shapes_root: Path, tmp_path: Path
) -> None:
    without_boxes(shapes_root, tmp_path / "data", rank=1)
    cfg = small_config("SOLVER.IMS_PER_BATCH", "4", "DATASETS.TEST", "()")
    cfg.DATASETS.ROOT, cfg.DATASETS.TRAIN = str(tmp_path / "data"), ("voc:.:trainval",)
    cfg.SOLVER.WARMUP_ITERS = 10
    launch(2, *arguments(cfg, tmp_path / "run", 100))
    found = losses(tmp_path / "run")
    assert found[-1] < 0.8 * found[0]
