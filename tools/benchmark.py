"""Speed as a ratio: ways to do one thing, run in turn in one command.

    tools/benchmark.py input --images /data/imagenet/val/n01440764
    tools/benchmark.py infer-det            (beside detectron2, where it is importable)
    tools/benchmark.py eval --json configs/benchmarks/eval.json
    tools/benchmark.py all --json configs/benchmarks/all.json
    tools/benchmark.py train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10
        --iterations 2000 --json OUT --variant "bf16: SOLVER.AMP.ENABLED True"

The peers are torchvision, timm and detectron2 (where importable), albumentations, pycocotools and
faster-coco-eval. scaling has none: it measures how cost grows with size. train-backbone times the
config as it stands, each --variant of it, and the usual loop: images from DataLoader workers,
fp32, nothing recorded or compiled, which is what its ratios are to.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "--images": {"type": Path, "metavar": "DIR", "help": "JPEGs to read [drawn ones]"},
    "--rounds": {"type": int, "help": "each way runs so often [5]"},
    "--side": {"type": int, "help": "of the images, pixels of the shorter [320; networks 224]"},
    "--batch": {"type": int, "help": "images at once [8]"},
    "--device": {"help": "cpu, cuda [cpu]"},
    "--precision": {"choices": ("fp32", "bf16", "fp16"), "help": "[fp32]"},
    "--plot": {"type": Path, "metavar": "PNG", "help": "draw it here"},
    "--share": {"type": float, "help": "of full size [1]"},
    "--only": {"nargs": "+", "choices": ("voc", "coco", "bootstrap"), "help": "[all]"},
}
TAKES = {
    "input": ("--images", "--rounds"),
    "infer-backbone": ("--batch", "--side", "--rounds", "--device", "--precision"),
    "infer-det": ("--side",),
    "train-det": ("--side",),
    "scaling": ("--device", "--plot"),
    "eval": ("--share", "--only"),
}


def main(argv: Sequence[str]) -> None:
    args = _arguments(argv)

    from resdet.evaluation.results import check_writable, write_json

    for path in filter(None, (args.json, getattr(args, "plot", None))):
        check_writable(path)
    if args.what == "train-backbone":
        measured = _training(args)
    elif args.what == "all":
        measured = {name: _measure(name, {}) for name in TAKES}
    else:
        given = {o[2:]: getattr(args, o[2:]) for o in TAKES[args.what]}
        measured = _measure(args.what, {k: v for k, v in given.items() if v is not None})
    if args.json:
        write_json(args.json, measured)
        print(f"written: {args.json}")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*TAKES, "all", "train-backbone"]
    what = parser.add_subparsers(dest="what", required=True, metavar="{" + ",".join(names) + "}")
    commands = {name: what.add_parser(name) for name in names}
    for name, options in TAKES.items():
        for option in options:
            commands[name].add_argument(option, **OPTIONS[option])
    training = commands["train-backbone"]
    training.add_argument("--config", required=True, help="name in configs/backbones, or a path")
    training.add_argument("--iterations", type=int, default=100, help="of each run [100]")
    training.add_argument("--rounds", type=int, default=3, help="runs of each variant [3]")
    variant = {"action": "append", "default": [], "metavar": '"NAME: KEY VALUE ..."'}
    training.add_argument("--variant", help="the config with these values; repeatable", **variant)
    training.add_argument("overrides", nargs="*", metavar="KEY VALUE")
    for command in commands.values():
        command.add_argument("--json", type=Path, help="write all that was measured here")
    return parser.parse_args(argv)


def _measure(name: str, options: dict[str, Any]) -> dict[str, Any]:
    from rich.console import Console

    from resdet.benchmarks import suite

    console = Console()
    with console.status(f"measuring {name}"):
        measured = suite.BENCHMARKS[name](**options)
    for table in suite.tables(name, measured):
        console.print(table)
    return measured


def _training(args: argparse.Namespace) -> dict[str, Any]:
    from backbones.benchmarks.training import benchmark_training

    measured = benchmark_training(
        args.config, args.overrides, args.variant, iterations=args.iterations, rounds=args.rounds
    )
    print(f"{measured['hardware']}, torch {measured['versions']['torch']}")
    for name, speed in measured["iterations_per_second"].items():
        print(f"{name:20} {speed:10.2f} iterations/s {measured['ratio'][name]:8.2f} x")
    return measured


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
