"""What options of the trainers say to the config, as KEY VALUE. Imports nothing heavy."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.files.plan import Input, Output, check_plan
from backbones.files.run_folder import is_run
from resdet.commands import words

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode


_CORNERS = "DATASETS.VOC_CORNERS"


def check(args: argparse.Namespace) -> None:
    """Raises: ValueError where two things say the same, or one says nothing here."""
    words.check_length(args)
    if args.epochs and args.eval_only:
        raise ValueError("--epochs goes with training, not with --eval-only; leave one of them out")
    if args.voc_corners != "auto" and _CORNERS in args.overrides[::2]:
        raise ValueError(f"--voc-corners says {_CORNERS}; leave one of them out")
    for key in ("INPUT.MIN_SIZE_TRAIN", "INPUT.MIN_SIZE_TEST"):
        if args.imgsz and key in args.overrides[::2]:
            raise ValueError(f"--imgsz says {key}; leave one of them out")


def in_config(args: argparse.Namespace) -> list[str]:
    """The options that say in training what the config has keys for, as KEY VALUE."""
    pairs = ["MODEL.COMPILE", "True"] if args.compile else []
    if args.precision:
        pairs += ["SOLVER.AMP.ENABLED", str(args.precision != "fp32")]
    if args.precision in ("bf16", "fp16"):
        pairs += ["SOLVER.AMP.PRECISION", args.precision]
    pairs += ["SOLVER.IMS_PER_BATCH", str(args.batch)] if args.batch else []
    pairs += [_CORNERS, args.voc_corners] if args.voc_corners != "auto" else []
    return pairs + words.pairs(args, words.DETECTION)


def in_size(args: argparse.Namespace, cfg: CfgNode, fixed: Sequence[str]) -> list[str]:
    """What --imgsz says to `cfg`, its sides in proportion, as KEY VALUE, but of keys in `fixed`."""
    if not args.imgsz:
        return []
    size, own = args.imgsz, cfg.INPUT
    values = {
        "INPUT.MIN_SIZE_TRAIN": [size],
        "INPUT.MAX_SIZE_TRAIN": round(size * own.MAX_SIZE_TRAIN / max(own.MIN_SIZE_TRAIN)),
        "INPUT.MIN_SIZE_TEST": size,
        "INPUT.MAX_SIZE_TEST": round(size * own.MAX_SIZE_TEST / own.MIN_SIZE_TEST),
    }
    pairs = [(key, str(value)) for key, value in values.items() if key not in fixed]
    return [text for pair in pairs for text in pair]


def in_epochs(args: argparse.Namespace, cfg: CfgNode, fixed: Sequence[str]) -> list[str]:
    """What --epochs says to `cfg`, as KEY VALUE, and to the user; keys in `fixed` stay as said."""
    if not args.epochs or not cfg.DATASETS.TRAIN:
        return []
    from resdet.training.length import in_epochs

    pairs, lines = in_epochs(cfg, args.epochs, fixed)
    _tell(lines)
    return pairs


def from_data(args: argparse.Namespace, output: Path) -> list[str]:
    """What --data says to the config, as KEY VALUE, and to the user."""
    if args.data is None:
        if args.class_names:
            raise ValueError("--classes goes with --data; a config says DATASETS.CLASSES")
        return []
    if "DATASETS.ROOT" in args.overrides[::2]:
        raise ValueError("--data says DATASETS.ROOT; leave one of them out")
    from resdet.data.discover import data_for_config

    said = dict(zip(args.overrides[::2], args.overrides[1::2], strict=True))
    pairs, lines = data_for_config(
        args.data,
        output,
        training=not args.eval_only,
        class_names=args.class_names,
        corners=said.get(_CORNERS, args.voc_corners),
        before=_corners_before(args, output),
    )
    _tell(lines)
    return pairs


def _corners_before(args: argparse.Namespace, output: Path) -> str:
    """How the run that is gone on with, or is only measured, counted the corners of --data."""
    from resdet.training.corners import counted_by
    from resdet.training.fitting import CONFIG

    file = args.init_from if args.eval_only and args.init_from else output / CONFIG
    known = (args.resume or args.eval_only) and file.is_file()
    return counted_by(file, args.data) if known else "auto"


def fitted(args: argparse.Namespace, cfg: CfgNode, output: Path, fixed: Sequence[str]) -> list[str]:
    """What fits `cfg` to --data, as KEY VALUE, and to the user; keys in `fixed` stay as said."""
    if args.data is None:
        return []
    from resdet.training.fitting import pairs_for

    pairs, lines = pairs_for(
        *(cfg, output, args.init_from, fixed), resume=args.resume, measure=args.eval_only
    )
    _tell(lines)
    return pairs


def check_place(cfg: CfgNode, output: Path) -> None:
    """Raises: OSError where the run would write into what it reads, or nothing can be written."""
    known = [("DATASETS.ROOT", cfg.DATASETS.ROOT), ("MODEL.WEIGHTS", cfg.MODEL.WEIGHTS)]
    inputs = [Input(key, Path(value)) for key, value in known if value and Path(value).exists()]
    check_plan(inputs, [Output("--output", output, "folder", is_run)])


def _tell(lines: Sequence[str]) -> None:
    if lines and os.environ.get("RANK", "0") == "0":
        print(*lines, sep="\n", flush=True)
