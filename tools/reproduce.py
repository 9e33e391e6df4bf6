"""Measure a table or figure of the paper again, and set the paper's numbers beside ours.

    tools/reproduce.py table1
    tools/reproduce.py table6 --data datasets/cifar10 --seeds 5 --only ResNet-20 ResNet-56
    tools/reproduce.py fig6 --scale smoke --data datasets/cifar10
    tools/reproduce.py table3                        (collects what has been measured)

Writes <output>/<target>.md, .csv and .png, and what it trains into <output>/runs/<network>-seed<n>.
Without --data nothing is trained: runs of that folder are collected, and where there is none, the
results beside the configs. A cell that nobody measured stays empty. An interrupted run goes on.
A folder that tools/train_backbone.py wrote there counts as well.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

TARGETS = (
    *("table1", "table2", "table3", "table4", "table5", "table6"),
    *("fig1", "fig4", "fig6", "fig7"),
)
KEY = re.compile(r"[A-Z0-9_]+(\.[A-Z0-9_]+)*")


def main(argv: Sequence[str]) -> int:
    args = parse(argv)

    from backbones.config import CONFIG_FOLDER
    from backbones.reproduction import collect, measure
    from backbones.reproduction.experiments import EXPERIMENTS, find_rows

    experiment = EXPERIMENTS[args.target]
    chosen = find_rows(experiment, args.only)
    smoke = args.scale == "smoke"
    output = args.output / "smoke" if smoke else args.output
    if args.data and experiment.trains:
        plan = measure.make_plan(
            experiment, args.data, output, args.seeds, args.overrides, smoke=smoke
        )
        for row in chosen:
            print(f"{args.target}: {row.label}", flush=True)
            measure.measure_row(experiment, row, plan)
    published = None if smoke else CONFIG_FOLDER
    table = collect.collect_table(experiment, output, published, smoke=smoke)
    paths = table.write(output / args.target)
    print(table.markdown())
    if args.publish:
        paths += collect.publish_rows(chosen, output, CONFIG_FOLDER)
    print("\n".join(map(str, paths)))
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument(
        "--scale",
        choices=("smoke", "full"),
        default="full",
        help="smoke: a few iterations of every network on a few images, in <output>/smoke",
    )
    parser.add_argument("--data", type=Path, help="CIFAR-10 or ImageNet, to train and test on")
    parser.add_argument("--output", type=Path, default=Path("output/reproduction"))
    parser.add_argument("--seeds", type=int, default=1, help="runs of each network")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="measure these rows")
    parser.add_argument(
        "--publish", action="store_true", help="write what the runs measured beside the configs"
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY VALUE", help="SOLVER.MAX_ITER 300 ...")
    args = parser.parse_intermixed_args(argv)
    # "--only ResNet-20 SOLVER.MAX_ITER 300": what follows the rows is overrides
    keys = [i for i, word in enumerate(args.only) if KEY.fullmatch(word)]
    if keys:
        args.only, args.overrides = args.only[: keys[0]], args.only[keys[0] :] + args.overrides
    if args.seeds < 1:
        parser.error(f"--seeds must be at least 1, got {args.seeds}")
    if args.publish and args.scale == "smoke":
        parser.error("--publish must be with --scale full: a smoke is no result")
    return args


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
