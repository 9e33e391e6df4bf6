"""Speed as a ratio: ways to do one thing, run in turn in one command.

    tools/benchmark.py train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10
    tools/benchmark.py train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10
        --iterations 2000 --json OUT --variant "bf16: SOLVER.AMP.ENABLED True"

train-backbone times the config as it stands, each --variant of it, and the usual loop: images from
DataLoader workers, fp32, nothing recorded or compiled. The last one is what the ratios are to.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["train-backbone"])
    parser.add_argument("--config", required=True, help="name in configs/backbones, or a path")
    parser.add_argument("--iterations", type=int, default=100, help="of each run (100)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each variant (3)")
    parser.add_argument("--variant", action="append", default=[], metavar='"NAME: KEY VALUE ..."')
    parser.add_argument("--json", type=Path, help="write the measurement here")
    parser.add_argument("overrides", nargs="*", metavar="KEY VALUE", help="of every variant")
    args = parser.parse_intermixed_args(argv)
    for name in ("iterations", "rounds"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name} must be >= 1, got {getattr(args, name)}")

    variants = {"config": []} | dict(parse_variant(text) for text in args.variant)
    if len(variants) <= len(args.variant) or "usual loop" in variants:
        raise ValueError('--variant names must differ, and be neither "config" nor "usual loop"')

    from backbones.benchmark import USUAL_LOOP, compare_training
    from backbones.checkpoint import atomic_write

    measured = compare_training(
        args.config,
        args.overrides,
        {**variants, "usual loop": USUAL_LOOP},
        iterations=args.iterations,
        rounds=args.rounds,
    )
    if args.json:
        with atomic_write(args.json) as file:
            file.write((json.dumps(measured, indent=2) + "\n").encode())
    print(f"{measured['hardware']}, torch {measured['versions']['torch']}")
    for name, speed in measured["iterations_per_second"].items():
        print(f"{name:20} {speed:10.2f} iterations/s {measured['ratio'][name]:8.2f} x")
    return 0


def parse_variant(text: str) -> tuple[str, list[str]]:
    """Return ("bf16", ["SOLVER.AMP.ENABLED", "True"]) for "bf16: SOLVER.AMP.ENABLED True"."""
    name, colon, pairs = text.partition(":")
    if not (name.strip() and colon and pairs.split()):
        raise ValueError(f'--variant must be "NAME: KEY VALUE ...", got {text!r}')
    return name.strip(), pairs.split()


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
