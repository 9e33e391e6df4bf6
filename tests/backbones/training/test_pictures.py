"""Pictures of a classifier's training: names beside truth, for the boards."""

from __future__ import annotations

import cv2
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from backbones.config import load_classification
from backbones.training.classification import train_classifier
from backbones.training.pictures import RIGHT, WRONG, caption


def test_right_and_wrong_names_are_told_apart():
    names = ("dark", "a name that is far too long to stand there")
    assert caption(0, 0, 0.987, names) == ("dark 0.99\n", RIGHT)
    assert caption(0, 1, 0.5, names) == ("a name that is fa… 0.50\nis dark", WRONG)
    assert caption(1, 2, 0.5, names) == ("class 2 0.50\nis a name that is fa…", WRONG)


def test_a_training_draws_at_each_evaluation(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("a", "b"):
            folder = tmp_path / "data" / split / name
            folder.mkdir(parents=True)
            for number in range(4):
                noise = rng.integers(0, 256, (32, 32, 3), np.uint8)
                cv2.imwrite(str(folder / f"{number}.png"), noise)
    settings = {
        "DATASETS.ROOT": tmp_path / "data",
        "MODEL.WIDTH": 0.125,
        "MODEL.DEVICE": "cpu",
        "INPUT.SIZE": 32,
        "INPUT.MIN_SIZE_TRAIN": [32, 32],
        "SOLVER.IMS_PER_BATCH": 4,
        "SOLVER.MAX_ITER": 2,
        "TEST.EVAL_PERIOD": 1,
        "TEST.PICTURES": 3,
        "DATALOADER.NUM_WORKERS": 0,
        "INPUT.MEAN": "channel",
        "INPUT.COLOR_AUGMENTATION": "none",
    }
    pairs = [str(x) for pair in settings.items() for x in pair]
    for count, output in (("3", tmp_path / "with"), ("0", tmp_path / "without")):
        cfg = load_classification("imagenet_resnet18", [*pairs, "TEST.PICTURES", count])
        train_classifier(cfg, output)
        events = EventAccumulator(str(output))
        events.Reload()
        steps = [e.step for tag in events.Tags()["images"] for e in events.Images(tag)]
        assert steps == ([0, 1] if count == "3" else [])
