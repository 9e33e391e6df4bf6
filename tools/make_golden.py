"""Writes detectron2's detections, proposals and losses of small detectors, which tests read.

examples:
  python tools/make_golden.py
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resdet import engines

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser

    parser = Parser(__doc__)
    parser.add_argument("--output", type=Path, default=GOLDEN, help="folder [tests/golden]")
    parser.add_argument("--cases", nargs="+", metavar="CASE", help="only these [all]")
    parser.add_argument(
        "--detectron2-commit",
        help="where detectron2 is a bare copy of its source [asked of pip or git]",
    )
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)

    from resdet.benchmarks import golden

    names = args.cases or list(golden.CASES)
    unknown = sorted(set(names) - set(golden.CASES))
    if unknown:
        raise ValueError(f"--cases must be of {', '.join(golden.CASES)}, got {', '.join(unknown)}")
    engine = engines.load("d2")
    made_with = {"command": f"python tools/{Path(__file__).name}", **_versions()}
    if args.detectron2_commit:
        made_with["detectron2_commit"] = args.detectron2_commit
    args.output.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = args.output / f"{name}.json"
        content = {"made_with": made_with, **golden.record(golden.CASES[name], engine)}
        path.write_text(golden.as_text(content), encoding="utf-8")
        print(f"written: {path}")


def _versions() -> dict[str, Any]:
    import numpy
    import torch
    import torchvision

    from resdet.engines.d2 import version

    return {
        "detectron2": version.version(),
        "detectron2_commit": version.commit(),
        "torch": str(torch.__version__),
        "torchvision": torchvision.__version__,
        "numpy": numpy.__version__,
    }


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
