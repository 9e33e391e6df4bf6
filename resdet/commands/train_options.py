"""What options of train-det say to the config, as KEY VALUE. Imports nothing heavy."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from resdet.commands import words

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode


def in_config(args: argparse.Namespace) -> list[str]:
    """The options that say in training what the config has keys for, as KEY VALUE."""
    pairs = ["MODEL.COMPILE", "True"] if args.compile else []
    if args.precision:
        pairs += ["SOLVER.AMP.ENABLED", str(args.precision != "fp32")]
    if args.precision in ("bf16", "fp16"):
        pairs += ["SOLVER.AMP.PRECISION", args.precision]
    pairs += ["SOLVER.IMS_PER_BATCH", str(args.batch)] if args.batch else []
    return pairs + words.pairs(args, words.DETECTION)


def from_data(args: argparse.Namespace, output: Path) -> list[str]:
    """What --data says to the config, as KEY VALUE, and to the user."""
    if args.data is None:
        if args.class_names:
            raise ValueError("--classes goes with --data; a config says DATASETS.CLASSES")
        return []
    if "DATASETS.ROOT" in args.overrides[::2]:
        raise ValueError("--data says DATASETS.ROOT; leave one of them out")
    from resdet.data.discover import data_for_config

    pairs, lines = data_for_config(
        args.data, output, training=not args.eval_only, class_names=args.class_names
    )
    if os.environ.get("RANK", "0") == "0":
        print(*lines, sep="\n", flush=True)
    return pairs


def fitted(args: argparse.Namespace, cfg: CfgNode, output: Path) -> list[str]:
    """What fits `cfg` to --data, as KEY VALUE, and to the user."""
    if args.data is None:
        return []
    from resdet.training.fitting import pairs_for

    pairs, lines = pairs_for(
        *(cfg, output, args.init_from, [*args.overrides, *in_config(args)][::2]),
        resume=args.resume,
        measure=args.eval_only,
    )
    if lines and os.environ.get("RANK", "0") == "0":
        print(*lines, sep="\n", flush=True)
    return pairs
