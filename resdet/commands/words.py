"""Words that people type for keys of a config. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from backbones.terminal.parser import Parser, positive, whole


class Word(NamedTuple):
    """An option for a key where it has a `kind`; else it is answered by the key and a value."""

    option: str
    key: str
    value: str
    kind: Callable[[str], Any] | None = None
    help: str = ""


SHARED = (
    Word("--device", "MODEL.DEVICE", "cpu", str, "cpu, cuda, cuda:1 [MODEL.DEVICE]"),
    Word("--iters", "SOLVER.MAX_ITER", "3000", positive, "iterations [SOLVER.MAX_ITER]"),
    Word("--workers", "DATALOADER.NUM_WORKERS", "2", whole, "processes that read images "
         "[DATALOADER.NUM_WORKERS]"),
    Word("--epochs", "SOLVER.MAX_ITER", "3000 (images / SOLVER.IMS_PER_BATCH are an epoch)"),
    Word("--lr", "SOLVER.BASE_LR", "0.01"),
    Word("--learning-rate", "SOLVER.BASE_LR", "0.01"),
    Word("--momentum", "SOLVER.MOMENTUM", "0.9"),
    Word("--weight-decay", "SOLVER.WEIGHT_DECAY", "0.0001"),
    Word("--seed", "SEED", "1"),
    Word("--weights", "MODEL.WEIGHTS", "FILE, or --init-from FILE"),
    Word("--pretrained", "MODEL.WEIGHTS", "FILE, or --init-from FILE"),
)  # fmt: skip
DETECTION = (
    *SHARED,
    Word("--imgsz", "INPUT.MIN_SIZE_TRAIN", "640 INPUT.MIN_SIZE_TEST 640"),
    Word("--img-size", "INPUT.MIN_SIZE_TRAIN", "640 INPUT.MIN_SIZE_TEST 640"),
    Word("--patience", "SOLVER.PATIENCE", "3"),
)
CLASSIFICATION = (
    *SHARED,
    Word("--imgsz", "INPUT.SIZE", "224"),
    Word("--img-size", "INPUT.SIZE", "224"),
    Word("--batch", "SOLVER.IMS_PER_BATCH", "64"),
    Word("--batch-size", "SOLVER.IMS_PER_BATCH", "64"),
    Word("--data", "DATASETS.ROOT", "DIR"),
)


def add_words(parser: Parser, words: Sequence[Word]) -> None:
    """The options among `words`, and what is answered to the others."""
    for word in words:
        if word.kind is None:
            parser.answers[word.option] = f"{word.key} {word.value}"
        else:
            metavar = "NAME" if word.kind is str else "N"
            parser.add_argument(word.option, type=word.kind, metavar=metavar, help=word.help)


def pairs(args: argparse.Namespace, words: Sequence[Word]) -> list[str]:
    """The options given, as KEY VALUE."""
    given = {word.key: getattr(args, word.option[2:]) for word in words if word.kind is not None}
    return [text for key, value in given.items() if value is not None for text in (key, str(value))]


def batch(text: str) -> int:
    """The type of --batch. Raises: ArgumentTypeError; it says that none is found by trying."""
    if text in ("auto", "-1"):
        raise argparse.ArgumentTypeError(
            f"must be a number of images, got {text}: none is found by trying; give 4, or 2 where "
            "memory runs out"
        )
    return positive(text)
