r"""COCO's twelve numbers of detections or of a checkpoint.

examples:
  resdet eval-coco --detections coco_instances_results.json --annotations val2017.json
  resdet eval-coco --detections results.json --annotations val2017.json --as torchmetrics
  resdet eval-coco --checkpoint model_final.pth --annotations val2017.json --images val2017
  torchrun --nproc_per_node=8 -m resdet eval-coco --checkpoint model_final.pth \
    --annotations val2017.json --images val2017 --shards found/
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdet.evaluation.coco.match import CocoMatches
    from resdet.evaluation.coco.results import CocoResults
    from resdet.evaluation.coco.truth import CocoTruth
    from resdet.evaluation.tools import Tool
    from resdet.structures.records import Dataset


def main(argv: Sequence[str]) -> None:
    from resdet.commands import as_tool
    from resdet.commands.arguments import check_sources

    parser = arguments()
    args = parser.parse_args(argv)
    check_sources(parser, args)
    as_tool.check_rules(parser, args)
    if as_tool.is_other(args) and (args.cross_check or args.backend != "numpy"):
        parser.error("--backend and --cross-check go without other rules: libraries have their own")

    from backbones.machine.memory import keep_memory
    from resdet.commands import sources
    from resdet.evaluation.coco.match import match_areas
    from resdet.evaluation.coco.score import TWELVE
    from resdet.evaluation.measures import Measure
    from resdet.evaluation.rules import COCO

    keep_memory()
    as_tool.check_claim(args.claimed, map(Measure, TWELVE))
    tool = as_tool.tool_of(args, "coco")
    rules = as_tool.with_single(tool.rules if tool else COCO, args)
    dataset, truth = sources.coco_ground_truth(args)
    found = sources.coco_results(args, dataset)
    if found is None:
        return  # the main process scores
    if args.claimed:
        from resdet.evaluation.scorer import coco_numbers

        as_tool.tell_claims([args.claimed], "coco", coco_numbers(truth, found))
        return
    matched = match_areas(truth, found, rules)
    as_tool.tell(args, tool, rules)
    if tool:
        _tell_tool(args, tool, truth, found, matched, dataset)
    else:
        _tell_own(args, truth, found, matched, dataset)


def _tell_tool(
    args: argparse.Namespace,
    tool: Tool,
    truth: CocoTruth,
    found: CocoResults,
    matched: CocoMatches,
    dataset: Dataset,
) -> None:
    from rich.console import Console

    from resdet.commands.as_tool import told_alone, write_numbers
    from resdet.evaluation.coco.score import TWELVE, score_coco
    from resdet.evaluation.score_tables import coco_class_table, coco_table

    scores = told_alone(score_coco(truth, found, matched=matched), TWELVE, tool)
    for table in (coco_class_table(scores), coco_table(scores)):
        Console().print(table)
    write_numbers(args, tool, scores, dataset)


def _tell_own(
    args: argparse.Namespace,
    truth: CocoTruth,
    found: CocoResults,
    matched: CocoMatches,
    dataset: Dataset,
) -> None:
    from rich.console import Console

    from resdet.commands.outputs import write_outputs
    from resdet.evaluation.analysis.analyse import analyse
    from resdet.evaluation.analysis.error_tables import analysis_tables
    from resdet.evaluation.coco.score import cross_check, score_coco
    from resdet.evaluation.score_tables import coco_class_table, coco_table
    from resdet.evaluation.ties import told_of_ties

    scores = score_coco(truth, found, backend=args.backend, matched=matched)
    if args.cross_check:
        print(cross_check(truth, found, scores))
    analysis = analyse(matched.matches, "101point")
    print(f"measured on {matched.matches.told}")
    _tell_difficult(truth)
    tables = coco_class_table(scores), coco_table(scores)
    ties = told_of_ties(matched.matches, ["101point"])
    for shown in (*tables, *ties, *analysis_tables(analysis)):
        Console().print(shown)
    write_outputs(args, scores, analysis, matched.matches, dataset)


def _tell_difficult(truth: CocoTruth) -> None:
    """That objects count which VOC's rules would excuse, or the other way round."""
    from backbones.terminal.wording import count
    from resdet.structures.coco_json import OUT_OF_EVERY_AREA_RANGE

    out = truth.areas == OUT_OF_EVERY_AREA_RANGE
    excused, difficult = (
        int((rows & ~truth.crowd).sum()) for rows in (out, out | truth.ignore | truth.called)
    )
    if excused:
        print(f"{count(excused, 'difficult object')} outside every range of areas: not missed")
    if difficult > excused:
        told = count(difficult - excused, "difficult object")
        print(
            f"{told} to be found as any other: the file says so by ignore or an attribute, which "
            "COCO's rules do not hear; resdet convert --to coco writes what they do"
        )


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser
    from resdet.commands.arguments import add_outputs, add_sources
    from resdet.commands.as_tool import add_rules, most_detections

    parser = Parser(__doc__)
    add_sources(parser)
    rules = parser.add_argument_group("rules")
    add_rules(rules, "pycocotools, torchmetrics, supervision, tidecv, ultralytics")
    rules.add_argument(
        "--max-detections",
        type=most_detections,
        metavar="N,N,N",
        help="of an image and class that count; AP is of the last [1,10,100]",
    )
    rules.add_argument(
        "--backend",
        choices=("numpy", "faster", "pycocotools"),
        default="numpy",
        help="ours, faster-coco-eval or pycocotools [numpy]",
    )
    rules.add_argument(
        "--cross-check", action="store_true", help="fail unless pycocotools has the same numbers"
    )
    add_outputs(parser)
    return parser
