r"""Speed as a ratio: ways to do one thing, run in turn in one command.

examples:
  resdet benchmark input --images /data/imagenet/val/n01440764
  resdet benchmark infer-det            (beside detectron2, where it is importable)
  resdet benchmark train-backbone --device cuda --compile
  resdet benchmark files --files best.pth best.xml best.int8.xml --images my_photos/
  resdet benchmark visualize --files best.pth best.onnx --images my_photos/
  resdet benchmark all --json all.json
  resdet benchmark train-backbone --config cifar10_resnet20 DATASETS.ROOT /data/cifar10 \
    --iterations 2000 --json OUT --variant "bf16: SOLVER.AMP.ENABLED True"

The peers are torchvision, timm and detectron2 (where importable), albumentations, pycocotools and
faster-coco-eval. Beside each figure stands how many times as fast resdet is, and the share of what
the device can do: operations by its measured rate of matrix products, bytes by that of a copy,
images by decoding alone. scaling has no peer: it measures how cost grows with size.

train-backbone trains on random pixels that lie on the device, beside torchvision's and timm's
loops; with --config, the config as it stands, each --variant of it, and the usual loop (images
from DataLoader workers, fp32, nothing recorded or compiled), which is what its ratios are to.
all runs each benchmark and ends with the goals that the figures are held to.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from backbones.terminal.parser import Parser
from resdet.commands.benchmark_options import add_benchmarks, chosen, keywords


def arguments() -> argparse.ArgumentParser:
    parser = Parser(__doc__)
    add_benchmarks(parser)
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)
    options = {name: keywords(name, args) for name in chosen(args)}

    from backbones.files.outputs import write_json

    measured = {name: _measure(name, given) for name, given in options.items()}
    if args.what == "all":
        measured["goals"] = _goals(measured, args.device or "cpu")
    else:
        measured = measured[args.what]
    if args.json:
        write_json(args.json, measured)
        print(f"written: {args.json}")


def _measure(name: str, options: dict[str, Any]) -> dict[str, Any]:
    from rich.console import Console

    from backbones.terminal.progress import Bar
    from resdet.benchmarks import suite

    console = Console()
    started = time.monotonic()
    with Bar(f"measuring {name}"):
        measured = suite.BENCHMARKS[name](**options)
    measured["took_seconds"] = round(time.monotonic() - started, 1)
    for table in suite.tables(name, measured):
        console.print(table)
    return measured


def _goals(measured: dict[str, Any], device: str) -> Any:
    from rich.console import Console

    from resdet.benchmarks.goals import goals_table, judge

    rows = judge(measured, device)
    Console().print(goals_table(rows))
    return rows
