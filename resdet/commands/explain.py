r"""Why two numbers differ: which rules turn one into the other, each with its share.

examples:
  resdet explain ours.json theirs.json
  resdet explain ours.json 0.813
  resdet explain ours.json AP50=52.0 --annotations val2017.json
  resdet explain ours.json metrics.json

The first is what eval-voc or eval-coco wrote by --json. The second is another such file, or a
number, or what another tool wrote: {"AP": 27.2, "AP50": 48.1} or pycocotools' twelve as a list.
The files of the first are scored again: those that it names, or that the options name. For
VOC's rules what lies beside it will do.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resdet.commands.rescored import Rescored
    from resdet.evaluation.comparison.sides import MeasuredRun
    from resdet.evaluation.told import Claim


def main(argv: Sequence[str]) -> None:
    args = _parse(argv)

    from resdet.commands.as_tool import tell_claims
    from resdet.commands.rescored import Rescored
    from resdet.evaluation.comparison.sides import read_run

    theirs = _result(args.told)
    if theirs is not None and _result(str(args.ours)) is None:
        raise ValueError(
            f"the first must be what eval-voc or eval-coco wrote, got {args.ours}; give "
            f"{args.told} first"
        )
    ours = Rescored(read_run(args.ours), args)
    if theirs is not None:
        _compare(ours, theirs)
        return
    claims = _claims(args.told, ours)
    if ours.rules != ours.rules.usual:
        print(f"{args.ours} is by other rules; what is told begins with ours")
    tell_claims(claims, ours.kind, ours.numbers(ours.kind))


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser
    from backbones.terminal.planned import existing, reads
    from resdet.commands.arguments import data_folder

    parser = Parser(__doc__)
    add = parser.add_argument
    reads(add("ours", type=Path, metavar="FILE", help="what eval-voc or eval-coco wrote"), existing)
    told = add("told", metavar="FILE|[NAME=]NUMBER", help="another, or a number of the same files")
    reads(told, existing)
    files = parser.add_argument_group(
        "the files of the first, where it does not tell them"
    ).add_argument
    files("--detections", type=Path, metavar="PATH", help="folder of comp4 files, or COCO JSON")
    files("--annotations", type=Path, metavar="JSON", help="COCO form")
    reads(
        files("--data", type=Path, metavar="DIR", help="VOC, COCO, ...; as eval-voc"), data_folder
    )
    files("--split", metavar="NAME", help="of --data")
    return parser


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    args = (parser := arguments()).parse_args(argv)
    if args.annotations and args.data:
        parser.error("the objects are --annotations JSON, or --data DIR: one of them")
    if args.split and not args.data:
        parser.error("--split goes with --data: a JSON is a split of its own")
    return args


def _result(told: str) -> MeasuredRun | None:
    """What was told, where it is a result of ours.

    Raises: FileNotFoundError for the name of a JSON that is not there.
    """
    from resdet.evaluation.comparison.differences import is_ours
    from resdet.evaluation.comparison.sides import read_run

    path = Path(told)
    if path.suffix == ".json" and not path.is_file():
        raise FileNotFoundError(f"FILE must exist, got {told}")
    return read_run(path) if path.is_file() and is_ours(_content(path)) else None


def _content(path: Path) -> Any:
    """What a JSON holds; of a log of one object a line, as training writes, each key's last."""
    from backbones.files.json_file import json_content, parse_json, read_json

    try:
        return read_json(path, finite=False)
    except ValueError:
        lines = [line for line in json_content(path).splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.startswith(b"{") for line in lines):
            raise
        objects = parse_json(path, b"[" + b",\n".join(lines) + b"]", finite=False)
        return {key: value for entry in objects for key, value in entry.items()}


def _claims(told: str, ours: Rescored) -> list[Claim]:
    """The numbers that were told, of those that can be had here.

    Raises: ValueError for what is no number, or a file of none.
    """
    from resdet.evaluation.told import Claim, claims_in

    path = Path(told)
    if not path.is_file():
        try:
            return [Claim.of(told)]
        except ValueError as error:
            raise ValueError(f"NUMBER {error}") from None
    claims = claims_in(_content(path), ours.kind, told)
    known = [claim for claim in claims if any(map(claim.names, ours.run.measured.values))]
    left_out = [claim.name for claim in claims if claim not in known]
    if not known:
        raise ValueError(
            f"{told} must hold a number that {ours.run.path} has, got {', '.join(left_out)}; "
            "evaluate at those thresholds"
        )
    if left_out:
        print(f"left out, as {ours.run.path} has none: {', '.join(left_out)}")
    return known


def _compare(ours: Rescored, theirs: MeasuredRun) -> None:
    """What the two differ in, and the table of what each difference adds."""
    from rich.console import Console

    from resdet.evaluation.comparison.differences import differing, ways_between
    from resdet.evaluation.explain_tables import way_table

    differences = differing(ours.run, theirs)
    print(*differences, sep="\n")
    ways = ways_between((ours.run, theirs), differences, ours.numbers)
    Console().print(way_table((str(ours.run.path), str(theirs.path)), ways))
