"""Speed as a ratio: ways to do one thing, run in turn in one command.

    tools/benchmark.py eval --json configs/benchmarks/eval.json
    tools/benchmark.py train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10
    tools/benchmark.py train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10
        --iterations 2000 --json OUT --variant "bf16: SOLVER.AMP.ENABLED True"

eval measures VOC and COCO evaluation and the bootstrap at full size on random detections: seconds,
memory, and the distance to detectron2 (where it is importable), faster-coco-eval and pycocotools.

train-backbone times the config as it stands, each --variant of it, and the usual loop: images from
DataLoader workers, fp32, nothing recorded or compiled. The last one is what the ratios are to.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EVALUATIONS = ("voc", "coco", "bootstrap")


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_subparsers(dest="what", required=True, metavar="{eval,train-backbone}")
    evaluation = what.add_parser("eval", help="VOC, COCO and the bootstrap")
    evaluation.add_argument(
        "--only", nargs="+", choices=EVALUATIONS, default=EVALUATIONS, help="[all]"
    )
    evaluation.add_argument(
        "--share", type=_share, default=1.0, help="of the images and detections of full size [1]"
    )
    training = what.add_parser("train-backbone", help="ways to train one classifier")
    training.add_argument("--config", required=True, help="name in configs/backbones, or a path")
    training.add_argument("--iterations", type=int, default=100, help="of each run [100]")
    training.add_argument("--rounds", type=int, default=3, help="runs of each variant [3]")
    training.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar='"NAME: KEY VALUE ..."',
        help="the config with these values; may be given several times",
    )
    training.add_argument("overrides", nargs="*", metavar="KEY VALUE")
    for command in (evaluation, training):
        command.add_argument("--json", type=Path, help="write all that was measured here")
    args = parser.parse_args(argv)

    from resdet.evaluation.results import check_writable, write_json

    if args.json:
        check_writable(args.json)
    measured = _evaluation(args) if args.what == "eval" else _training(args)
    if args.json:
        write_json(args.json, measured)
        print(f"written: {args.json}")


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be in (0, 1]: {text}")
    return value


def _evaluation(args: argparse.Namespace) -> dict[str, Any]:
    from rich.console import Console

    from resdet.benchmarks.evaluation import benchmark_evaluation, tables

    console = Console()
    with console.status("measuring"):
        measured = benchmark_evaluation(args.only, args.share)
    for table in tables(measured):
        console.print(table)
    return measured


def _training(args: argparse.Namespace) -> dict[str, Any]:
    for name in ("iterations", "rounds"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name} must be >= 1, got {getattr(args, name)}")
    variants: dict[str, Sequence[str]] = {"config": []}
    variants |= dict(parse_variant(text) for text in args.variant)
    if len(variants) <= len(args.variant) or "usual loop" in variants:
        raise ValueError('--variant names must differ, and be neither "config" nor "usual loop"')

    from backbones.benchmark import USUAL_LOOP, compare_training

    measured = compare_training(
        args.config,
        args.overrides,
        {**variants, "usual loop": USUAL_LOOP},
        iterations=args.iterations,
        rounds=args.rounds,
    )
    print(f"{measured['hardware']}, torch {measured['versions']['torch']}")
    for name, speed in measured["iterations_per_second"].items():
        print(f"{name:20} {speed:10.2f} iterations/s {measured['ratio'][name]:8.2f} x")
    return measured


def parse_variant(text: str) -> tuple[str, list[str]]:
    """Return ("bf16", ["SOLVER.AMP.ENABLED", "True"]) for "bf16: SOLVER.AMP.ENABLED True"."""
    name, colon, pairs = text.partition(":")
    if not (name.strip() and colon and pairs.split()):
        raise ValueError(f'--variant must be "NAME: KEY VALUE ...", got {text!r}')
    return name.strip(), pairs.split()


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
