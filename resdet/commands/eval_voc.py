r"""VOC average precision of detections or of a checkpoint.

examples:
  resdet eval-voc --detections results/ --data VOCdevkit/VOC2007 --split test --metric both
  resdet eval-voc --checkpoint model_final.pth --data VOCdevkit/VOC2007 --split test
  torchrun --nproc_per_node=8 -m resdet eval-voc --checkpoint model_final.pth --shards found/ \
    --data VOCdevkit/VOC2007 --split test
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation import DetectionTable, Matches, Rules
    from resdet.evaluation.measures import Measure
    from resdet.evaluation.tools import Tool
    from resdet.evaluation.voc.score import VocMatching
    from resdet.structures.records import Dataset


def main(argv: Sequence[str]) -> None:
    from resdet.commands import as_tool
    from resdet.commands.arguments import check_sources

    parser = arguments()
    args = parser.parse_args(argv)
    check_sources(parser, args)
    as_tool.check_rules(parser, args)

    from backbones.machine.memory import keep_memory
    from resdet.commands import sources
    from resdet.evaluation import ground_truth_by_id
    from resdet.evaluation.judging import asked_of, told_left_out
    from resdet.evaluation.registry import BOTH, VOC_METRICS, check_metric
    from resdet.evaluation.voc.score import VocMatching

    keep_memory()
    if args.metric is not None:
        check_metric(args.metric, (*VOC_METRICS, BOTH), "--metric")
    as_tool.check_claim(args.claimed, _claimable(args))
    tool = as_tool.tool_of(args, "voc")
    of_tool = _metrics(args, tool) if tool else ()
    dataset = sources.ground_truth(args, args.class_names)
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
    truth = ground_truth_by_id(dataset.records)
    if not (tool or args.claimed):
        truth, table = asked_of(dataset, truth, table)
        for line in told_left_out(dataset):
            print(line)
    matching = VocMatching(truth, table, dataset.class_names, args.iou)
    if args.claimed:
        _tell_claim(args, matching, dataset)
        return
    matches = matching.by(_rules(args, tool, dataset))
    as_tool.tell(args, tool, matches.rules)
    if tool:
        _tell_tool(args, tool, matches, of_tool, dataset)
    else:
        _tell_own(args, matches, dataset)


def _tell_own(args: argparse.Namespace, matches: Matches, dataset: Dataset) -> None:
    from rich.console import Console

    from resdet.commands.outputs import write_outputs
    from resdet.evaluation import score_voc
    from resdet.evaluation.analysis.analyse import analyse
    from resdet.evaluation.analysis.error_tables import analysis_tables
    from resdet.evaluation.registry import BOTH
    from resdet.evaluation.score_tables import voc_table
    from resdet.evaluation.ties import told_of_ties

    metrics = _own_metrics(args, dataset)
    results = {metric: score_voc(matches, metric) for metric in metrics}
    analysis = analyse(matches, metrics[0])
    print(f"measured on {matches.told}")
    ties = told_of_ties(matches, metrics)
    for shown in (voc_table(*results.values()), *ties, *analysis_tables(analysis)):
        Console().print(shown)
    numbers = results if args.metric == BOTH else results[metrics[0]]
    write_outputs(args, numbers, analysis, matches, dataset)


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import writes
    from resdet.commands.arguments import add_outputs, add_sources, thresholds
    from resdet.commands.as_tool import add_rules

    parser = Parser(__doc__)
    add_sources(parser)
    rules = parser.add_argument_group("rules")
    add_rules(rules, "detectron2, devkit, podm, kornia, mapcalc")
    add = rules.add_argument
    add(
        "--metric",
        metavar="NAME",
        help="11point, area, both or a metric of your own [that of the data's year]",
    )
    add("--iou", type=thresholds, default=(0.5,), help="0.5 | 0.5,0.75 | 0.5:0.95 [0.5]")
    add(
        "--rules",
        choices=("devkit", "detectron2", "imagenet"),
        help="by which program detections are matched [devkit; of ImageNet DET its own]",
    )
    add(
        "--iou-rule",
        choices=("ge", "gt"),
        help="is an overlap of exactly --iou enough: ge yes, gt no [as --rules]",
    )
    add(
        "--recall",
        type=_recall,
        metavar="tenths|numpy|matlab",
        help="the recalls of 11point: exact, or rounded as NumPy or MATLAB do [as --rules]",
    )
    submission = add_outputs(parser).add_argument(
        "--submission",
        type=Path,
        metavar="FILE",
        help="write VOC 2012's .tar.gz; the split may lack annotations",
    )
    writes(submission)
    return parser


def _recall(text: str) -> str:
    from resdet.evaluation.ranking import FORMERLY

    known = ("tenths", "numpy", "matlab")
    if text not in (*known, *FORMERLY):
        raise argparse.ArgumentTypeError(f"must be {', '.join(known[:-1])} or {known[-1]}: {text}")
    return FORMERLY.get(text, text)


def _check_submission(args: argparse.Namespace, known: bool) -> None:
    from resdet.evaluation.voc.submission import check_name

    check_name(args.submission)
    if not known and (args.json or args.plots):
        raise ValueError("--json and --plots need annotations, got a split that has none")


def _tell_rule(dataset: Dataset) -> None:
    """That the metric is guessed by a name, where the data is not VOC's own."""
    from resdet.structures.classes import VOC_CLASSES

    if dataset.metric == "11point" and dataset.class_names != VOC_CLASSES:
        folder = dataset.annotations.resolve().name
        print(f"11-point, as the folder is called {folder}; --metric area for the other rule")


def _submit(path: Path, table: DetectionTable, dataset: Dataset) -> None:
    from resdet.evaluation.voc.submission import write_submission

    write_submission(path, table, dataset.class_names)
    print(f"written: {path}")


def _tell_tool(
    args: argparse.Namespace,
    tool: Tool,
    matches: Matches,
    metrics: Sequence[str],
    dataset: Dataset,
) -> None:
    from rich.console import Console

    from resdet.commands.as_tool import write_numbers
    from resdet.evaluation import score_voc
    from resdet.evaluation.score_tables import voc_table

    results = {name: score_voc(matches, name) for name in metrics}
    Console().print(voc_table(*results.values()))
    write_numbers(args, tool, results, dataset)


def _own_metrics(args: argparse.Namespace, dataset: Dataset) -> Sequence[str]:
    """Those asked for, or that of the data, which is told."""
    from resdet.evaluation.registry import BOTH, VOC_METRICS

    if args.metric is None:
        _tell_rule(dataset)
    return VOC_METRICS if args.metric == BOTH else (args.metric or dataset.metric,)


def _metrics(args: argparse.Namespace, tool: Tool) -> tuple[str, ...]:
    """Those asked for that the tool has. Raises: ValueError for one that it has not."""
    asked = tool.told if args.metric in (None, "both") else (args.metric,)
    if not set(asked) <= set(tool.told):
        raise ValueError(
            f"--metric must be {' or '.join(tool.told)} as {args.tool} has it, got {args.metric}"
        )
    return asked


def _rules(args: argparse.Namespace, tool: Tool | None, dataset: Dataset) -> Rules:
    from dataclasses import replace

    from resdet.commands.as_tool import with_single
    from resdet.evaluation.judging import on_data, own_rules
    from resdet.evaluation.rules import VOC_RULES

    if tool:
        return on_data(dataset, tool.rules)
    given = {"iou": args.iou_rule, "recall": args.recall}
    named = on_data(dataset, VOC_RULES[args.rules]) if args.rules else own_rules(dataset)
    own = replace(named, **{k: v for k, v in given.items() if v})
    return with_single(own, args)


def _claimed_metrics(args: argparse.Namespace) -> Sequence[str]:
    """Every metric of VOC's, unless one is asked for: it may be what differs."""
    from resdet.evaluation.registry import BOTH, VOC_METRICS

    return VOC_METRICS if args.metric in (None, BOTH) else (args.metric,)


def _claimable(args: argparse.Namespace) -> list[Measure]:
    """The means that a number may be of."""
    from resdet.evaluation.average_precision import threshold_key
    from resdet.evaluation.measures import means_of_voc

    metrics, keys = _claimed_metrics(args), list(map(threshold_key, args.iou))
    return [m for metric in metrics for m in means_of_voc(metric, keys, len(metrics) > 1)]


def _tell_claim(args: argparse.Namespace, matching: VocMatching, dataset: Dataset) -> None:
    from resdet.commands.as_tool import tell_claims
    from resdet.evaluation.judging import on_data
    from resdet.evaluation.scorer import voc_numbers

    numbers = voc_numbers(matching, _claimed_metrics(args), partial(on_data, dataset))
    tell_claims([args.claimed], "voc", numbers)
