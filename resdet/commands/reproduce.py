"""Measure a table or figure of the paper again, beside the paper's numbers.

examples:
  resdet reproduce table1
  resdet reproduce table6 --data datasets/cifar10 --seeds 5 --only ResNet-20 ResNet-56
  resdet reproduce fig6 --scale smoke --data datasets/cifar10
  resdet reproduce table3                        (collects what has been measured)
  resdet reproduce table9 --data demo            (after make demo: the extras, on its shapes)
  resdet reproduce table13 --data ILSVRC         (docs/imagenet.md; --scale smoke needs no data)

Writes <output>/<target>.md, .csv and .png, and what it trains into <output>/runs/<network>-seed<n>.
Without --data nothing is trained: runs of that folder are collected, and where there is none, the
results beside the configs. A cell that nobody measured stays empty. An interrupted run goes on.
A folder that train-backbone wrote there counts as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

OF_IMAGENET = ("table12", "table13", "table14")
TARGETS = (
    *("table1", "table2", "table3", "table4", "table5", "table6", "table9"),
    *OF_IMAGENET,
    *("fig1", "fig4", "fig6", "fig7"),
)


def main(argv: Sequence[str]) -> int:
    args = parse(argv)
    if args.target == "table9":
        from resdet.reproduction import table9

        paths = table9.reproduce(args.data, args.output, args.seeds, publish=args.publish)
        print("\n".join(map(str, paths)))
        return 0
    if args.target in OF_IMAGENET:
        from resdet.reproduction import imagenet

        smoke = args.scale == "smoke"
        print(*imagenet.reproduce(args.target, args.data, args.output, smoke=smoke), sep="\n")
        return 0

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


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_overrides, positive
    from backbones.terminal.planned import writes

    parser = Parser(__doc__)
    add = parser.add_argument
    add("target", metavar="TARGET", choices=TARGETS, help=f"{TARGETS[0]} ... {TARGETS[5]}, "
        f"{', '.join(TARGETS[6:])}")  # fmt: skip
    add(
        "--scale",
        choices=("smoke", "full"),
        default="full",
        help="smoke: a few iterations of every network on a few images, in <output>/smoke",
    )
    add("--data", type=Path, metavar="DIR", help="CIFAR-10 or ImageNet, to train and test on")
    output = Path("output/reproduction")
    writes(
        add("--output", type=Path, default=output, metavar="DIR", help=f"to write to [{output}]"),
        "folder",
    )
    add("--seeds", type=positive, default=1, metavar="N", help="runs of each network [1]")
    add("--only", nargs="+", default=[], metavar="ROW", help="measure these rows")
    add("--publish", action="store_true", help="write what the runs measured beside the configs")
    add_overrides(parser)
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    from backbones.files.shipped import is_checkout

    parser = arguments()
    args = parser.parse_args(argv)
    if args.publish and args.scale == "smoke":
        parser.error("--publish must be with --scale full: it is a trial, no result")
    if args.publish and not is_checkout():
        parser.error("--publish must be in a checkout: results stand beside its configs")
    if args.target == "table9" and (args.only or args.overrides or args.scale == "smoke"):
        parser.error("table9 takes --data, --output, --seeds and --publish only")
    if args.target in OF_IMAGENET and (
        args.only or args.overrides or args.publish or args.seeds > 1
    ):
        parser.error(f"{args.target} takes --data, --output and --scale only")
    return args
