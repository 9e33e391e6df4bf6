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
    from resdet.evaluation import DetectionTable, Rules
    from resdet.structures import Dataset


def main(argv: Sequence[str]) -> None:
    args = _arguments(argv)

    from rich.console import Console

    from resdet import sources
    from resdet.evaluation import ground_truth_by_id, match_voc, score_voc
    from resdet.evaluation.analysis import analyse
    from resdet.evaluation.error_tables import analysis_tables
    from resdet.evaluation.tables import voc_table

    sources.check_outputs(args)
    dataset = sources.ground_truth(args)
    known = any(record.ground_truth is not None for record in dataset.records)
    if args.submission:
        _check_submission(args, known)
    table = sources.detections(args, dataset)
    if table is None:
        return  # the main process scores
    if args.submission:
        _submit(args.submission, table, dataset)
        if not known:
            print("not scored: the split has no annotations; the evaluation server has them")
            return
    matches = match_voc(
        ground_truth_by_id(dataset.records),
        table,
        dataset.class_names,
        thresholds=args.iou,
        rules=_rules(args),
    )
    metrics = ("11point", "area") if args.metric == "both" else (args.metric or dataset.metric,)
    results = {metric: score_voc(matches, metric) for metric in metrics}
    analysis = analyse(matches, metrics[0])
    for shown in (voc_table(*results.values()), *analysis_tables(analysis)):
        Console().print(shown)
    numbers = results if args.metric == "both" else results[metrics[0]]
    sources.write_outputs(args, numbers, analysis, matches, dataset)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from resdet.arguments import add_outputs, add_sources, check_sources, thresholds

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_sources(parser)
    parser.add_argument(
        "--metric", choices=("11point", "area", "both"), help="[the rule of the data's year]"
    )
    parser.add_argument(
        "--iou", type=thresholds, default=(0.5,), help="0.5 | 0.5,0.75 | 0.5:0.95 [0.5]"
    )
    parser.add_argument(
        "--rules", choices=("devkit", "detectron2"), default="devkit", help="[devkit]"
    )
    parser.add_argument("--iou-rule", choices=("ge", "gt"), help="IoU >= t, > t [as the rules say]")
    parser.add_argument(
        "--recall", choices=("exact", "float"), help="of the eleven points [as the rules say]"
    )
    add_outputs(parser)
    parser.add_argument("--submission", type=Path, help="write VOC 2012's .tar.gz; may lack truth")
    args = parser.parse_args(argv)
    check_sources(parser, args)
    return args


def _check_submission(args: argparse.Namespace, known: bool) -> None:
    from resdet.evaluation.results import check_writable
    from resdet.evaluation.submission import check_name

    check_name(args.submission)
    check_writable(args.submission, (args.detections, args.checkpoint, args.annotations))
    if not known and (args.json or args.plots):
        raise ValueError("--json and --plots need annotations, got a split that has none")


def _submit(path: Path, table: DetectionTable, dataset: Dataset) -> None:
    from resdet.evaluation.submission import write_submission

    write_submission(path, table, dataset.class_names)
    print(f"written: {path}")


def _rules(args: argparse.Namespace) -> Rules:
    from dataclasses import replace

    from resdet.evaluation.matches import VOC_RULES

    given = {"iou": args.iou_rule, "recall": args.recall}
    return replace(VOC_RULES[args.rules], **{k: v for k, v in given.items() if v})


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
