"""Train a classification network on folders of images, tar shards or CIFAR.

examples:
  resdet train-backbone --config imagenet_resnet18 DATASETS.ROOT /data/imagenet
  resdet train-backbone --config cifar10_resnet20 --output runs/r20 DATASETS.ROOT /data/cifar10
  torchrun --nproc_per_node=8 -m resdet train-backbone --config imagenet_vgg16 --output runs/vgg16

Writes config.yaml, log.txt, metrics.json, learning_curve.png, TensorBoard events, model_final.pth,
model_best.pth, training states, last_checkpoint and results.json into the output folder.
Exit code: 2 wrong input or a full disk, 3 a loss that is not finite, 143 and 130 a stop by SIGTERM
and SIGINT, after a state was saved; torchrun has a code of its own.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_run
    from resdet.commands.words import CLASSIFICATION, add_words

    parser = Parser(__doc__)
    add_run(parser, "configs/backbones")
    add_words(parser, CLASSIFICATION)
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from backbones.config import load_classification
    from resdet.commands.train_options import check_place
    from resdet.commands.words import CLASSIFICATION, check_device, check_length, pairs

    check_length(args)
    weights = ["MODEL.WEIGHTS", str(args.init_from)] if args.init_from else []
    said = [*args.overrides, *pairs(args, CLASSIFICATION), *weights]
    cfg = load_classification(args.config, said)
    check_device(said)
    if args.init_from and not args.init_from.is_file():
        raise FileNotFoundError(f"--init-from must be an existing file, got {args.init_from}")
    if args.epochs:
        cfg = load_classification(args.config, [*said, *_in_epochs(args, cfg, said[::2])])
    output = args.output or Path(cfg.OUTPUT_DIR)
    check_place(cfg, output)
    cfg.OUTPUT_DIR = str(output)
    if os.environ.get("RANK", "0") == "0":
        print(f"{Path(args.config).stem} -> {output}/", flush=True)  # torch takes seconds to load

    from backbones.machine import distributed
    from backbones.training.classification import train_classifier
    from backbones.training.report import finished_results

    with distributed.joined():
        results = finished_results(cfg, output) if args.resume else None
        if results is None:
            results = train_classifier(cfg, output, resume=args.resume)
        elif distributed.is_main():
            print(
                f"{output} is finished already: {results['iterations']} iterations; raise "
                "SOLVER.MAX_ITER to go on, or measure it with resdet eval-backbone"
            )
        if distributed.is_main():
            errors = [f"{name} {value:.2f} %" for name, value in results["metrics"].items()]
            print("  ".join([f"{output}/model_final.pth", *errors]))
    return 0


def _in_epochs(args: argparse.Namespace, cfg: CfgNode, fixed: Sequence[str]) -> list[str]:
    """What --epochs says to `cfg`, as KEY VALUE, and to the user; keys in `fixed` stay as said."""
    from backbones.training.length import count_images, in_epochs

    pairs, lines = in_epochs(cfg, args.epochs, count_images(cfg), fixed)
    if os.environ.get("RANK", "0") == "0":
        print(*lines, sep="\n", flush=True)
    return pairs
