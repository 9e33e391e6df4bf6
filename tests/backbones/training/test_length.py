"""Epochs as iterations: exact, with the schedule that moves, and the images that are counted."""

import cv2
import numpy as np
import pytest

from backbones.config import load_classification
from backbones.training.length import STEPS, WARMUP, count_images, in_epochs, iterations_of


@pytest.mark.parametrize(
    ("epochs", "images", "batch", "iterations"),
    [(0.07, 100, 1, 7), (2, 292, 4, 146), (1.5, 10, 4, 4), (1e-9, 10, 4, 1), (3, 0, 4, 1)],
)
def test_iterations_are_exact_and_at_least_one(epochs, images, batch, iterations):
    assert iterations_of(epochs, images, batch) == iterations


def stepped(*more):
    given = ["SOLVER.MAX_ITER", "900", STEPS, "[600, 800]", WARMUP, "50"]
    return load_classification("cifar10_resnet20", [*given, "SOLVER.IMS_PER_BATCH", "10", *more])


def test_steps_move_in_proportion_and_so_does_a_warm_up_of_most_of_the_run():
    pairs, lines = in_epochs(stepped(), 3, 300)  # a tenth
    assert pairs == ["SOLVER.MAX_ITER", "90", STEPS, "[60, 80]", WARMUP, "5"]
    assert lines == [
        "length   3 epochs of 300 images, 10 in an iteration",
        "         SOLVER.MAX_ITER 90, was 900",
        "         SOLVER.STEPS [60, 80], was [600, 800]",
        "         SOLVER.WARMUP_ITERS 5, was 50",
    ]
    pairs, _ = in_epochs(stepped(), 3, 334)
    assert pairs == ["SOLVER.MAX_ITER", "101", STEPS, "[67, 90]"]  # 50 is under half of it
    cfg = stepped(*in_epochs(stepped(), 3, 334)[0])
    assert (cfg.SOLVER.MAX_ITER, list(cfg.SOLVER.STEPS)) == (101, [67, 90])


def test_what_is_the_users_or_of_no_step_stays():
    assert in_epochs(stepped(), 3, 300, [STEPS, WARMUP])[0] == ["SOLVER.MAX_ITER", "90"]
    cosine = stepped("SOLVER.LR_SCHEDULER_NAME", "WarmupCosineLR")
    assert in_epochs(cosine, 30, 300)[0] == ["SOLVER.MAX_ITER", "900"]
    long = stepped(WARMUP, "880")
    assert in_epochs(long, 3, 300)[0][-2:] == [WARMUP, "45"]  # half of the run, not 88


def test_images_are_those_that_are_trained_on(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        for number in range(5):
            picture = np.full((8, 8, 3), number, np.uint8)
            cv2.imwrite(str(tmp_path / "train" / name / f"{number}.png"), picture)

    def counted(*more):
        given = ["DATASETS.ROOT", str(tmp_path), *more]
        return count_images(load_classification("own_resnet18", given))

    assert counted() == 10
    assert counted("DATASETS.HOLD_OUT", "3") == 7
    (tmp_path / "train" / "a" / "0.png").write_bytes(b"")
    assert counted() == 9
