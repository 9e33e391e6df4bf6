"""Measure a table or figure of the paper again, beside the paper's numbers.

examples:
  resdet reproduce table1
  resdet reproduce table6 --data datasets/cifar10 --seeds 5 --only ResNet-20 ResNet-56
  resdet reproduce fig6 --scale smoke
  resdet reproduce table3                        (collects what has been measured)
  resdet reproduce table7 --scale small --data photos  (docs/pairs.md: two networks on your own)
  resdet reproduce table9 --scale small --data demo  (after make demo: the extras, on its shapes)
  resdet reproduce table10 --data datasets       (VOC2007, VOC2012 and coco lie there)
  resdet reproduce table13 --data ILSVRC         (docs/imagenet.md)
  resdet reproduce all --scale smoke             (every one in minutes, without data: one page)

Writes <output>/<target>.md, .csv and .png, and what it trains into <output>/runs/<network>-seed<n>.
Without --data nothing is trained, but by a smoke, which draws its own: runs of that folder are
collected (table7 and table8: as --data last measured them), and where there is none, the results
beside the configs. A cell that nobody measured stays empty. An interrupted run goes on. A folder
that train-backbone or train-det wrote there, under torchrun perhaps, counts as well.
`all` shows every target on one page, <output>/all.html, and goes on where one fails.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.reproduction.request import Request

SCALES = {
    "smoke": "a few iterations of every network on a few images, in <output>/smoke",
    "small": "networks that two cores train, in <output>/small ({})",
    "full": "as the paper did",
}


def main(argv: Sequence[str]) -> int:
    request = parse(argv)
    from backbones.machine import distributed  # takes seconds to load
    from resdet.reproduction.page import ALL
    from resdet.reproduction.targets import crowd

    with distributed.joined():
        if (processes := distributed.world_size()) > 1:
            raise ValueError(crowd(request, processes) if distributed.is_main() else "")
        with _held(request):
            return (_reproduce_all if request.target == ALL else _reproduce)(request)


def _held(request: Request) -> AbstractContextManager[None]:
    """The networks of a smoke share the images that it draws, all others lie apart."""
    from backbones.training.alone import alone

    return alone(request.folder) if request.smoke else nullcontext()


def _reproduce(request: Request) -> int:
    from resdet.reproduction.targets import reproduce

    sheet, paths = reproduce(request)
    print(sheet.markdown(), *paths, sep="\n")
    return 0


def _reproduce_all(request: Request) -> int:
    """1 where a target failed."""
    from resdet.reproduction.page import reproduce_all

    parts, page = reproduce_all(request)
    for part in parts:
        print(f"{part.request.target:8}{part.fault or f'{part.measured} rows measured'}")
    print(page)
    return int(any(part.fault for part in parts))


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_overrides, positive
    from backbones.terminal.planned import reads, writes
    from resdet.commands.arguments import data_folder
    from resdet.reproduction.page import ALL
    from resdet.reproduction.request import OUTPUT
    from resdet.reproduction.targets import TARGETS, spans, takers

    parser = Parser(__doc__)
    add = parser.add_argument
    names = [*TARGETS, ALL]
    add("target", metavar="TARGET", choices=names, help=", ".join(names))
    scales = "; ".join(f"{name}: {told}" for name, told in SCALES.items())
    small = spans([name for name, target in TARGETS.items() if "small" in target.scales])
    add("--scale", choices=SCALES, default="full", help=f"{scales.format(small)} [full]")
    told = f"to train and test on ({takers('data')})"
    reads(add("--data", type=Path, metavar="DIR", help=told), data_folder)
    writes(
        add("--output", type=Path, default=OUTPUT, metavar="DIR", help=f"to write to [{OUTPUT}]"),
        "folder",
    )
    told = f"runs of each network [1] ({takers('seeds')})"
    add("--seeds", type=positive, default=1, metavar="N", help=told)
    told = f"measure these rows ({takers('only')})"
    add("--only", nargs="+", default=[], metavar="ROW", help=told)
    told = f"write what the runs measured beside the configs ({takers('publish')})"
    add("--publish", action="store_true", help=told)
    add_overrides(parser, f"SOLVER.MAX_ITER 300 ... ({takers('overrides')})")
    return parser


def parse(argv: Sequence[str]) -> Request:
    from backbones.files.shipped import is_checkout
    from resdet.reproduction import page, targets
    from resdet.reproduction.request import Request

    parser = arguments()
    request = Request(**vars(parser.parse_args(argv)))
    refusal = page.refusal if request.target == page.ALL else targets.refusal
    refused = refusal(request)
    if refused:
        parser.error(refused)
    if request.publish and not is_checkout():
        parser.error("--publish must be in a checkout: results stand beside its configs")
    return request
