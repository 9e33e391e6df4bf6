"""Words that people type for keys of a config. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from backbones.terminal.parser import Parser, number, positive, whole


def above_zero(text: str) -> float:
    """The type of an option that is a number above 0."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


class Word(NamedTuple):
    """An option for a key where it has a `kind`; else it is answered by the key and a value.

    `also`: another way to write the option. `measured`: what it says depends on config or data.
    """

    option: str
    key: str
    value: str
    kind: Callable[[str], Any] | None = None
    help: str = ""
    also: str = ""
    measured: bool = False


SHARED = (
    Word("--device", "MODEL.DEVICE", "cpu", str, "cpu, cuda, cuda:1 [MODEL.DEVICE]"),
    Word("--iters", "SOLVER.MAX_ITER", "3000", positive, "iterations [SOLVER.MAX_ITER]"),
    Word("--workers", "DATALOADER.NUM_WORKERS", "2", whole, "processes that read images "
         "[DATALOADER.NUM_WORKERS]"),
    Word("--epochs", "SOLVER.MAX_ITER", "20", above_zero, "how often each image is seen; in place "
         "of --iters", measured=True),
    Word("--lr", "SOLVER.BASE_LR", "0.01", above_zero, "the rate after the warm-up "
         "[SOLVER.BASE_LR]", "--learning-rate"),
    Word("--momentum", "SOLVER.MOMENTUM", "0.9"),
    Word("--weight-decay", "SOLVER.WEIGHT_DECAY", "0.0001"),
    Word("--seed", "SEED", "1"),
    Word("--weights", "MODEL.WEIGHTS", "FILE, or --init-from FILE"),
    Word("--pretrained", "MODEL.WEIGHTS", "FILE, or --init-from FILE"),
)  # fmt: skip
DETECTION = (
    *SHARED,
    Word(
        "--imgsz",
        "INPUT.MIN_SIZE_TRAIN",
        "640",
        positive,
        "shorter side of the images, pixels [INPUT.MIN_SIZE_TRAIN, MIN_SIZE_TEST]",
        "--img-size",
        measured=True,
    ),
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
            names = [word.option, *filter(None, [word.also])]
            metavar = {str: "NAME", above_zero: "X"}.get(word.kind, "N")
            parser.add_argument(*names, type=word.kind, metavar=metavar, help=word.help)


def pairs(args: argparse.Namespace, words: Sequence[Word]) -> list[str]:
    """The options given whose value is the key's own, as KEY VALUE."""
    plain = [word for word in words if word.kind is not None and not word.measured]
    given = {word.key: getattr(args, word.option[2:]) for word in plain}
    return [text for key, value in given.items() if value is not None for text in (key, str(value))]


def check_length(args: argparse.Namespace) -> None:
    """Raises: ValueError if something else than --epochs says how long to train too."""
    key = "SOLVER.MAX_ITER"
    other = "--iters" if args.iters else key * (key in args.overrides[::2])
    if args.epochs and other:
        raise ValueError(f"--epochs and {other} both say how long to train; give one of them")


def check_device(given: Sequence[str]) -> None:
    """Raises: ValueError if KEY VALUE pairs of a user ask for a GPU and there is none."""
    if dict(zip(given[::2], given[1::2], strict=False)).get("MODEL.DEVICE") == "cuda":
        from backbones.machine import distributed

        distributed.asked_device("cuda")


def batch(text: str) -> int:
    """The type of --batch. Raises: ArgumentTypeError; it says that none is found by trying."""
    if text in ("auto", "-1"):
        raise argparse.ArgumentTypeError(
            f"must be a number of images, got {text}: none is found by trying; give 4, or 2 where "
            "memory runs out"
        )
    return positive(text)
