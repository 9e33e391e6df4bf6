"""COCO's twelve numbers of detections or of a checkpoint.

python tools/eval_coco.py --detections coco_instances_results.json --annotations val2017.json
torchrun --nproc_per_node=8 tools/eval_coco.py --checkpoint model_final.pth --annotations ...
    --images val2017 --shards found/
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> None:
    from resdet.arguments import add_sources, check_sources

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_sources(parser)
    parser.add_argument(
        "--backend",
        choices=("numpy", "faster", "pycocotools"),
        default="numpy",
        help="ours, faster-coco-eval or pycocotools [numpy]",
    )
    parser.add_argument(
        "--cross-check", action="store_true", help="fail unless pycocotools has the same numbers"
    )
    parser.add_argument("--json", type=Path, help="write the result here, its matches beside it")
    parser.add_argument("--plots", type=Path, help="folder for the curves and the errors")
    args = parser.parse_args(argv)
    check_sources(parser, args)

    from rich.console import Console

    from resdet import sources
    from resdet.evaluation.analysis import analyse
    from resdet.evaluation.coco import cross_check, score_coco
    from resdet.evaluation.coco_match import match_coco
    from resdet.evaluation.error_tables import analysis_tables
    from resdet.evaluation.results import check_writable
    from resdet.evaluation.tables import coco_class_table, coco_table
    from resdet.visualization.plots import write_plots

    if args.json:
        check_writable(args.json)
    dataset = sources.ground_truth(args)
    truth, found = sources.coco_truth(dataset), sources.coco_results(args, dataset)
    if found is None:
        return  # the main process scores
    scores = score_coco(truth, found, backend=args.backend)
    console = Console()
    if args.cross_check:
        print(cross_check(truth, found, scores))
    matches = match_coco(truth, found)
    analysis = analyse(matches, "101point")
    console.print(coco_class_table(scores))
    console.print(coco_table(scores))
    for errors in analysis_tables(analysis):
        console.print(errors)
    if args.json:
        content = {**scores, "analysis": analysis}
        sources.write_result(args.json, content, matches, dataset, args.images)
        print(f"written: {args.json}")
    if args.plots:
        for plot in write_plots(args.plots, matches, analysis):
            print(f"written: {plot}")


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
