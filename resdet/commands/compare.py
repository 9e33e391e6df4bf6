"""Is the gain real? Results against a baseline, with intervals and p.

examples:
  resdet compare VGG-16=vgg16.json ResNet-101=r101_seed1.json,r101_seed2.json
  resdet compare vgg16.json r101.json --markdown comparison.md --gallery gallery

Several files of one model are its runs: they are averaged.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation.record import Record

SIDE = "[NAME=]FILE[,FILE...]"


def main(argv: Sequence[str]) -> None:
    args = _parse(argv)

    from rich.console import Console

    from backbones.files.outputs import write_json, write_text
    from backbones.terminal.progress import reporting
    from resdet.evaluation.comparison.compare import compare
    from resdet.evaluation.comparison.paper import known_pairs, paper_pairs
    from resdet.evaluation.comparison.report import comparison_markdown, comparison_tables, notes
    from resdet.evaluation.comparison.sides import read_sides, records_to_show, with_baseline_first
    from resdet.evaluation.measures import convention, sections
    from resdet.visualization.gallery import check_gallery

    baseline, *others = sides = with_baseline_first(read_sides(args.sides), args.baseline)
    first = baseline.runs[0]
    if args.paper:
        paper = [paper_pairs(args.paper, first.measured.values)] * len(others)
    else:
        configs = [(baseline.config, other.config) for other in others]
        paper = [known_pairs(*pair, first.measured.values) for pair in configs]
    if args.gallery:
        models = list(zip([side.name for side in sides], records_to_show(sides)))
        check_gallery(args.gallery, models, images=args.images, threshold=args.threshold)
    console = Console()
    with reporting("resampling") as progress:
        comparison = compare(
            baseline, others, resamples=args.resamples, seed=args.seed, progress=progress
        )
    title = "; ".join(convention(part) for part in sections(first.result))
    for table in comparison_tables(comparison, title, paper):
        console.print(table)
    for note in notes(comparison, paper):
        console.print(note, markup=False, highlight=False)
    if args.json:
        write_json(args.json, {"convention": title, **comparison.to_dict(), "paper": paper})
        print(f"written: {args.json}")
    if args.markdown:
        write_text(args.markdown, comparison_markdown(comparison, title, paper))
        print(f"written: {args.markdown}")
    if args.gallery:
        _write_gallery(args, models)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    args = (parser := arguments()).parse_args(argv)
    if len(args.sides) < 2:
        parser.error(f"two or more models are compared: {SIDE} {SIDE}")
    if not args.gallery and (args.images or args.threshold is not None):
        parser.error("--images and --threshold go with --gallery")
    if args.threshold is None:
        args.threshold = 0.5
    return args


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, share, whole
    from backbones.terminal.planned import reads, writes

    parser = Parser(__doc__)
    add = parser.add_argument
    sides = add("sides", nargs="+", metavar=SIDE, help="JSON of one model, or of its runs")
    reads(sides, _files)
    add("--baseline", metavar="NAME|FILE", help="what the others are compared with [the first]")
    add(
        "--resamples",
        type=whole,
        default=1000,
        metavar="N",
        help="samples drawn for the intervals; 0: no intervals [1000]",
    )
    add("--seed", type=whole, default=0, metavar="N", help="of these samples [0]")
    add("--paper", metavar="CONFIG", help="the paper's numbers [of the configs the results name]")
    writes(add("--json", type=Path, metavar="FILE", help="write all numbers here"))
    writes(add("--markdown", type=Path, metavar="FILE", help="write the tables here"))
    gallery = add("--gallery", type=Path, metavar="DIR", help="write an HTML folder here")
    writes(gallery, "whole")
    add("--images", type=Path, metavar="DIR", help="of --gallery [where they were evaluated]")
    add("--threshold", type=share, metavar="SCORE", help="lowest score in --gallery [0.5]")
    return parser


def _files(side: str) -> list[Path]:
    from resdet.evaluation.comparison.sides import files_of

    return files_of(side)


def _write_gallery(args: argparse.Namespace, models: Sequence[tuple[str, Record]]) -> None:
    """A side of several runs is shown by its first."""
    from backbones.terminal.progress import reporting
    from resdet.visualization.gallery import write_gallery

    with reporting("writing pictures") as progress:
        missing = write_gallery(
            args.gallery,
            models,
            images=args.images,
            threshold=args.threshold,
            progress=progress,
        )
    if missing:
        print(f"pictures that could not be read: {len(missing)}, the first of {missing[0]}")
    print(f"written: {args.gallery / 'index.html'}")
