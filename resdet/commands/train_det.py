"""Train a detector, measure it, and write all that is left of it into one folder.

examples:
  resdet train-det --data photos/ --output output/mine
  resdet train-det --config shapes_r18 --output output/shapes_r18
  resdet train-det --config coco_r101 SOLVER.IMS_PER_BATCH 8 MODEL.DEVICE cuda
  torchrun --nproc_per_node=8 -m resdet train-det --config coco_r101

Exit code: 2 wrong input or a full disk, 3 a loss that is not finite, 143 and 130 a stop by SIGTERM
and SIGINT, after a checkpoint was saved; torchrun has a code of its own.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backbones.machine.precision import PRECISIONS
from backbones.terminal.parser import Parser, add_run
from backbones.terminal.planned import reads
from resdet.commands.arguments import add_classes, add_corners, add_engine, data_folder
from resdet.commands.train_options import (
    check,
    check_place,
    fitted,
    from_data,
    in_config,
    in_epochs,
    in_size,
)
from resdet.commands.words import DETECTION, add_words, batch, check_device

OWN = "own_r18"


def arguments() -> argparse.ArgumentParser:
    parser = Parser(__doc__)
    add_run(parser, "configs/detection", default=OWN)
    data = parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="your own: VOC, COCO, YOLO, CVAT or LabelMe; sets DATASETS and NUM_CLASSES",
    )
    reads(data, data_folder)
    add_classes(parser.add_argument)
    add_corners(parser.add_argument)
    add_engine(parser)
    parser.add_argument("--eval-only", action="store_true", help="measure, do not train")
    parser.add_argument(
        "--precision", choices=PRECISIONS, help="of the networks [SOLVER.AMP; --eval-only: fp32]"
    )
    parser.add_argument("--compile", action="store_true", help="MODEL.COMPILE True: torch.compile")
    parser.add_argument(
        "--batch",
        type=batch,
        metavar="N",
        help="images in one step [SOLVER.IMS_PER_BATCH; --eval-only: in one pass, 1]",
    )
    add_words(parser, DETECTION)
    return parser


def main(argv: Sequence[str]) -> None:
    parser = arguments()
    args = parser.parse_args(argv)
    if not (args.config or args.data):
        parser.error("--config NAME or --data DIR must be given")
    check(args)

    from resdet import config, engines
    from resdet.modeling.registry import HEADS

    engine_name = engines.choose(args.engine)
    given = [*args.overrides, *in_config(args)]
    source = config.read(args.config or OWN)
    cfg = config.fill(source, given)  # what is wrong is told before the data is looked at
    check_device(given)
    given += in_size(args, cfg, given[::2])
    output = args.output or Path(cfg.OUTPUT_DIR)
    pairs = from_data(args, output)
    cfg = config.fill(source, [*pairs, *given])
    given += in_epochs(args, cfg, given[::2])
    cfg = config.fill(source, [*pairs, *given])
    cfg = config.fill(source, [*pairs, *fitted(args, cfg, output, given[::2]), *given])
    config.check(cfg, engine=engine_name, heads=HEADS.names(), training=not args.eval_only)
    name = Path(args.config or OWN).stem
    check_place(cfg, output)
    cfg.OUTPUT_DIR = str(output)
    if os.environ.get("RANK", "0") == "0":
        # torch takes seconds to load
        print(f"{name}, engine {engine_name} -> {output}/", flush=True)

    from backbones.machine import distributed
    from resdet.detector.speed import Speed
    from resdet.training import train as training

    engine = engines.load(engine_name)
    with distributed.joined():
        if args.eval_only:
            path = args.init_from or output / "model_final.pth"
            if "MODEL.WEIGHTS" in args.overrides[::2] and not args.init_from and cfg.MODEL.WEIGHTS:
                path = Path(cfg.MODEL.WEIGHTS)  # detectron2's way to say it
            speed = Speed(args.precision or "fp32", args.compile, args.batch or 1)
            results = training.evaluate_checkpoint(
                cfg, engine, name, output, path, args.overrides, speed
            )
        else:
            results = training.train_detector(
                cfg,
                engine,
                name,
                output,
                resume=args.resume,
                init_from=args.init_from,
                overrides=args.overrides,
            )
        if distributed.is_main():
            _tell(results, output, args.data)


def _tell(results: dict[str, Any], output: Path, data: Path | None) -> None:
    """The scores, where all that is left lies, and how to look at it."""
    from rich.console import Console

    from resdet.evaluation.score_tables import score_tables

    for dataset, scores in results["metrics"].items():
        print(dataset if scores else f"{dataset}: not scored, it has no annotations")
        Console().print(*score_tables(scores))
    print(f"everything is in {output}/")
    best = output / "model_best.pth"
    if data and best.is_file():
        words = ["--checkpoint", best, "--data", data, "--output", output / "pictures"]
        print("look at it: resdet visualize", shlex.join(map(str, words)))
