"""What is injured: a classifier and a detector that train in a second, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from backbones.weights import checkpoint
from resdet.data.shapes.make import make_shapes


@dataclass(frozen=True)
class Subject:
    """A tool's command line without --output, and the keys that a fault may change."""

    name: str
    tool: str
    argv: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    iterations: int
    period: int

    def having(self, **changes: Any) -> Subject:
        """With other fields."""
        return replace(self, **changes)

    def setting(self, *pairs: str) -> Subject:
        """With KEY VALUE pairs over its own."""
        keys = dict(self.keys) | dict(zip(pairs[::2], pairs[1::2], strict=True))
        return replace(self, keys=tuple(keys.items()))

    def command(self, output: Path, *, resume: bool = True) -> list[str]:
        """The arguments of the tool."""
        own = {
            "SOLVER.MAX_ITER": str(self.iterations),
            "SOLVER.STEPS": "[]",
            "SOLVER.CHECKPOINT_PERIOD": str(self.period),
        }
        flat = [text for pair in (dict(self.keys) | own).items() for text in pair]
        start = ["--resume"] if resume else []
        return [*self.argv, "--output", str(output), *start, *flat]


def make_subjects(folder: Path) -> dict[str, Subject]:
    """Make the data in `folder`; return the classifier and the detector."""
    _write_images(folder / "images")
    make_shapes(folder / "shapes", num_train=12, num_val=2, num_test=3, size=64, seed=3)
    classifier = {
        "MODEL.NAME": "cifar_resnet8",
        "MODEL.DEVICE": "cpu",
        "DATASETS.ROOT": str(folder / "images"),
        "DATASETS.HOLD_OUT": "0",
        "DATALOADER.NUM_WORKERS": "0",
        "INPUT.SIZE": "8",
        "SOLVER.IMS_PER_BATCH": "4",
        "SOLVER.BASE_LR": "0.05",
        "SOLVER.EMA.ENABLED": "True",
        "SOLVER.EMA.PERIOD": "3",
        "SEED": "3",
    }
    detector = {
        "DATASETS.ROOT": str(folder / "shapes"),
        "DATALOADER.NUM_WORKERS": "0",
        "INPUT.MIN_SIZE_TRAIN": "[64]",
        "INPUT.MAX_SIZE_TRAIN": "64",
        "INPUT.MIN_SIZE_TEST": "64",
        "INPUT.MAX_SIZE_TEST": "64",
        "MODEL.WEIGHTS": "",
        "MODEL.RESNETS.NORM": "BN",
        "MODEL.BACKBONE.FREEZE_AT": "0",
        "MODEL.BACKBONE.WIDTH": "0.125",
        "MODEL.RPN.POST_NMS_TOPK_TRAIN": "20",
        "MODEL.RPN.POST_NMS_TOPK_TEST": "5",
        "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": "8",
        "SOLVER.IMS_PER_BATCH": "2",
        "SOLVER.BASE_LR": "0.01",
        "SOLVER.WARMUP_ITERS": "2",
        "SOLVER.LR_SCHEDULER_NAME": "WarmupMultiStepLR",
        "SEED": "3",
    }
    return {
        "classifier": Subject(
            "classifier",
            "train_backbone",
            ("--config", "cifar10_resnet20"),
            tuple(classifier.items()),
            iterations=60,
            period=3,
        ),
        "detector": Subject(
            "detector",
            "train_det",
            ("--config", "shapes_r18", "--engine", "tv"),
            tuple(detector.items()),
            iterations=40,
            period=2,
        ),
    }


def _write_images(folder: Path) -> None:
    generator = np.random.default_rng(1)
    for split, count in (("train", 6), ("test", 2)):
        for name in "abcd":
            home = folder / split / name
            home.mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (8, 8, 3)).astype(np.uint8)
                cv2.imwrite(str(home / f"{number}.png"), pixels)


def saved_iteration(output: Path) -> int:
    """Of the checkpoint that last_checkpoint names, which must be whole; 0 where there is none.

    Raises: ValueError or OSError if it cannot be loaded.
    """
    newest = checkpoint.last(output)
    if newest is None:
        return 0
    payload = checkpoint.load(newest)
    return int(payload["iteration"] if "iteration" in payload else payload["iterations"])


def final_weights(output: Path) -> dict[str, torch.Tensor]:
    """Of a run that has ended."""
    return dict(checkpoint.load(output / "model_final.pth")["model"])


def differing(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> Sequence[str]:
    """The names of the tensors that are not equal to the last bit."""
    return [
        name
        for name in one.keys() | two.keys()
        if name not in one or name not in two or not torch.equal(one[name], two[name])
    ]


def leftovers(output: Path) -> list[str]:
    """Temporary files of writers that were killed."""
    return [path.name for path in output.iterdir() if path.name.startswith(".")]
