"""VOC average precision of detections or of a checkpoint, by the devkit's rules or detectron2's.

python tools/eval_voc.py --detections results/ --data VOCdevkit/VOC2007 --split test --metric both
torchrun --nproc_per_node=8 tools/eval_voc.py --checkpoint model_final.pth --shards found/
    --data VOCdevkit/VOC2007 --split test
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation import Rules


def main(argv: Sequence[str]) -> None:
    from resdet.arguments import add_sources, check_sources

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_sources(parser)
    parser.add_argument(
        "--metric", choices=("11point", "area", "both"), help="[the rule of the data's year]"
    )
    parser.add_argument(
        "--iou", type=_thresholds, default=(0.5,), help="0.5 | 0.5,0.75 | 0.5:0.95 [0.5]"
    )
    parser.add_argument(
        "--rules", choices=("devkit", "detectron2"), default="devkit", help="[devkit]"
    )
    parser.add_argument("--iou-rule", choices=("ge", "gt"), help="IoU >= t, > t [as the rules say]")
    parser.add_argument("--json", type=Path, help="write the result here, its matches beside it")
    parser.add_argument("--plots", type=Path, help="folder for the curves and the errors")
    parser.add_argument("--submission", type=Path, help="write VOC 2012's .tar.gz; may lack truth")
    args = parser.parse_args(argv)
    check_sources(parser, args)

    from rich.console import Console

    from resdet import sources
    from resdet.evaluation import ground_truth_by_id, match_voc, score_voc
    from resdet.evaluation.analysis import analyse
    from resdet.evaluation.error_tables import analysis_tables
    from resdet.evaluation.results import check_writable
    from resdet.evaluation.tables import voc_table
    from resdet.visualization.plots import write_plots

    for path in filter(None, (args.json, args.submission)):
        check_writable(path)
    dataset = sources.ground_truth(args)
    table = sources.detections(args, dataset)
    if table is None:
        return  # the main process scores
    if args.submission:
        from resdet.evaluation.submission import write_submission

        write_submission(args.submission, table, dataset.class_names)
        print(f"written: {args.submission}")
        if all(record.ground_truth is None for record in dataset.records):
            print("not scored: the split has no annotations; the evaluation server has them")
            return
    matches = match_voc(
        ground_truth_by_id(dataset.records),
        table,
        dataset.class_names,
        thresholds=args.iou,
        rules=_rules(args.rules, args.iou_rule),
    )
    metrics = ("11point", "area") if args.metric == "both" else (args.metric or dataset.metric,)
    results = {metric: score_voc(matches, metric) for metric in metrics}
    analysis = analyse(matches, metrics[0])
    console = Console()
    console.print(voc_table(*results.values()))
    for errors in analysis_tables(analysis):
        console.print(errors)
    numbers = results if args.metric == "both" else results[metrics[0]]
    if args.json:
        content = {**numbers, "analysis": analysis}
        sources.write_result(args.json, content, matches, dataset, args.images)
        print(f"written: {args.json}")
    if args.plots:
        for plot in write_plots(args.plots, matches, analysis):
            print(f"written: {plot}")


def _rules(name: str, iou: str | None) -> Rules:
    from dataclasses import replace

    from resdet.evaluation.matches import VOC_RULES

    return replace(VOC_RULES[name], iou=iou) if iou else VOC_RULES[name]


def _thresholds(text: str) -> tuple[float, ...]:
    """A list "0.5,0.75" or a range "0.5:0.95" by 0.05, each the nearest float of its decimal."""
    try:
        if ":" not in text:
            values = tuple(float(part) for part in text.split(","))
        else:
            first, last = (round(100 * float(part)) for part in text.split(":"))
            values = tuple(k / 100 for k in range(first, last + 1, 5))
    except ValueError:
        values = ()
    if not values or not all(0 < value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"must be in (0, 1]: 0.5 or 0.5,0.75 or 0.5:0.95: {text}")
    return values


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
