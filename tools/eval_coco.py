"""COCO's twelve numbers of a results file or of a checkpoint.

python tools/eval_coco.py --detections coco_instances_results.json --annotations val2017.json
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--detections", type=Path, help="COCO-results JSON")
    source.add_argument("--checkpoint", type=Path, help="a detector to run on the images")
    parser.add_argument("--engine", default="auto", help="of --checkpoint: auto, d2 or tv [auto]")
    parser.add_argument("--annotations", type=Path, required=True, help="COCO instances JSON")
    parser.add_argument("--images", type=Path, help="image folder; needed with --checkpoint")
    parser.add_argument(
        "--backend", choices=("faster", "pycocotools"), default="faster", help="[faster]"
    )
    parser.add_argument("--json", type=Path, help="write the result here")
    args = parser.parse_args(argv)
    if args.checkpoint and not args.images:
        parser.error("--checkpoint needs --images, the folder of the image files")
    if args.detections and args.images:
        parser.error("--images goes with --checkpoint; with --detections no image is read")

    from rich.console import Console

    from resdet.evaluation import evaluate_coco, write_json
    from resdet.evaluation.results import check_writable
    from resdet.evaluation.tables import coco_class_table, coco_table

    if args.json:
        check_writable(args.json)
    results = args.detections or _detect(args)
    scores = evaluate_coco(args.annotations, results, backend=args.backend)
    console = Console()
    console.print(coco_class_table(scores))
    console.print(coco_table(scores))
    if args.json:
        write_json(args.json, scores)
        print(f"written: {args.json}")


def _detect(args: argparse.Namespace) -> list[dict[str, Any]]:
    from rich.progress import track

    from resdet.data.coco import load_coco
    from resdet.engines import load_detector
    from resdet.evaluation import DetectionTable, to_coco_results

    dataset = load_coco(args.annotations, args.images)
    detector = load_detector(args.checkpoint, engine=args.engine, device="")
    found = track(detector.predict_records(dataset.records), "detecting", total=len(dataset))
    table = DetectionTable.of(found).for_classes(detector.class_names, dataset.class_names)
    return to_coco_results(table.per_image(), dataset.category_ids, dataset.class_names)


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
