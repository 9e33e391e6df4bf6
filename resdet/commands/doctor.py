"""Tell what this machine has, what is wrong with it, and how to mend it.

examples:
  resdet doctor
  resdet doctor --data /data/datasets --output /scratch/runs
  resdet doctor --json doctor.json

Looks at Python, torch and its GPUs, torchvision's operators, detectron2, OpenCV, COCO's tools,
optional packages, cores, memory, disks, datasets by name, weights and settings. A note is no fault;
a warning is what will hurt; an error is what keeps resdet from working.
Exit code: 0 without an error, 1 with one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import reads, writes

    parser = Parser(__doc__)
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="root of datasets by name [$DETECTRON2_DATASETS, "
        "./datasets]")  # fmt: skip
    output = Path("output")
    runs = add("--output", type=Path, default=output, metavar="DIR", help=f"of runs [{output}]")
    reads(runs, lambda folder: ())  # its disk is looked at, no file of it
    writes(add("--json", type=Path, metavar="FILE", help="write the findings here"))
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from dataclasses import asdict

    from rich.console import Console

    from backbones.files.outputs import write_json
    from resdet import doctor

    console = Console(highlight=False)
    with Console(stderr=True).status("looking"):
        findings = doctor.examine(args.output, args.data)
    for line in doctor.report(findings, min(100, console.width)):
        console.print(line, soft_wrap=True)
    if args.json:
        write_json(args.json, {"findings": [asdict(finding) for finding in findings]})
        print(f"written: {args.json}")
    return int(any(finding.level == "error" for finding in findings))
