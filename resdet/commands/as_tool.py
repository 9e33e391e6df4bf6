"""`--as TOOL` and single rules: the numbers that another evaluator prints of the same files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resdet.evaluation.explain import Kind
    from resdet.evaluation.measures import Measure
    from resdet.evaluation.rules import Rules
    from resdet.evaluation.scorer import Numbers
    from resdet.evaluation.told import Claim
    from resdet.evaluation.tools import Tool
    from resdet.structures.records import Dataset

_SINGLE = ("ties", "mean", "max_detections")


def add_rules(group: argparse._ArgumentGroup, tools: str) -> None:
    """The options that both commands share; `tools` names some for the help."""
    group.add_argument(
        "--as", dest="tool", metavar="TOOL", help=f"the numbers that it prints: {tools}, ..."
    )
    group.add_argument(
        "--claimed",
        type=_claim,
        metavar="[NAME=]NUMBER",
        help="which rules turn ours into this number that you were told, as 0.813 or AP=81.3",
    )
    group.add_argument(
        "--ties",
        choices=("stable", "true-first", "false-first", "ids-as-text"),
        help="the order of equal scores; right or wrong ones first bound the AP [as read]",
    )
    group.add_argument(
        "--mean",
        choices=("objects", "listed", "seen"),
        help="over the classes with objects, all, or those with objects or detections [objects]",
    )


def check_rules(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where --as or --claimed is given with what it says or cannot do."""
    says = ("rules", "iou_rule", "recall", "ties", "mean")
    if args.claimed:
        alone = (*says, "tool", "max_detections", "backend", "cross_check", "json", "plots")
        for name in (*alone, "submission"):
            if getattr(args, name, None) != parser.get_default(name):
                option = "as" if name == "tool" else name.replace("_", "-")
                parser.error(f"--{option} does not go with --claimed, which tries the rules itself")
    given = [n for n in (*says, "plots") if getattr(args, n, None) != parser.get_default(n)]
    if args.tool and given:
        option = f"--{given[0].replace('_', '-')}"
        why = "it draws our own numbers" if given == ["plots"] else "the tool has its own"
        parser.error(f"{option} does not go with --as: {why}")


def check_claim(claim: Claim | None, printed: Iterable[Measure]) -> None:
    """Refuse a number before anything is scored that is none of those.

    Raises: ValueError naming them.
    """
    printed = list(printed)
    if claim and not any(map(claim.names, printed)):
        known = ", ".join(dict.fromkeys(measure.name for measure in printed))
        raise ValueError(
            f"--claimed must be of {known}, got one of {claim.name}; name one of these"
        )


def is_other(args: argparse.Namespace) -> bool:
    """Whether any rule is not ours."""
    return any(getattr(args, name, None) for name in ("tool", *_SINGLE))


def tool_of(args: argparse.Namespace, kind: str) -> Tool | None:
    """The tool that the options name.

    Raises: ValueError as `tool_named`, or for limits that the tool has not.
    """
    if not args.tool:
        return None

    from resdet.evaluation.tools import tool_named

    tool = tool_named(args.tool, kind)
    if tool.rules.limit and args.max_detections:
        raise ValueError(f"--max-detections does not go with --as {args.tool}, which limits images")
    return tool


def with_single(rules: Rules, args: argparse.Namespace) -> Rules:
    """The rules, with those that the options name one by one."""
    from dataclasses import replace

    given = {name: getattr(args, name, None) for name in _SINGLE}
    return replace(rules, **{name: value for name, value in given.items() if value})


def tell(args: argparse.Namespace, tool: Tool | None, rules: Rules) -> None:
    """Which tool, if one is asked for, and which rules are not ours, in words."""
    if not is_other(args):
        return

    from resdet.evaluation.tools import in_words

    as_it = f"as {args.tool} {tool.version} prints it; " if tool else ""
    print(f"{as_it}by rules other than ours:")
    print(*(f"- {told}" for told in in_words(rules) or ["none"]), sep="\n")
    if tool and tool.beside:
        print(f"besides, {tool.beside}")


def tell_claims(claims: Sequence[Claim], kind: Kind, numbers: Numbers) -> None:
    """The table of what turns ours into what was told."""
    from rich.console import Console

    from backbones.terminal.progress import Bar
    from resdet.evaluation.explain import explain
    from resdet.evaluation.explain_tables import claim_table

    with Bar("trying rules") as bar:

        def told(rules: Rules) -> Mapping[Measure, float | None]:
            bar.advance()
            return numbers(rules)

        found = explain(claims, kind, told)
    Console().print(claim_table(claims, found))


def _claim(text: str) -> Claim:
    from resdet.evaluation.told import Claim

    try:
        return Claim.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def write_numbers(
    args: argparse.Namespace, tool: Tool, numbers: Mapping[str, Any], dataset: Dataset
) -> None:
    """What --json asks for; the matches of a tool are not compared with ours."""
    from backbones.files.outputs import write_json
    from resdet.commands.outputs import sources_of

    if args.json:
        of_tool = {"as": args.tool, "version": tool.version}
        write_json(args.json, {**of_tool, **numbers, "sources": sources_of(args, dataset)})
        print(f"written: {args.json}")


def most_detections(text: str) -> tuple[int, ...]:
    """Three rising numbers: "1,10,300"."""
    limits = [int(part) if part.isdigit() else 0 for part in text.split(",")]
    if len(limits) != 3 or min(limits) < 1 or limits != sorted(set(limits)):
        raise argparse.ArgumentTypeError(f"must be three rising numbers, as 1,10,300: {text}")
    return tuple(limits)


def told_alone(scores: Mapping[str, Any], measures: Iterable[str], tool: Tool) -> dict[str, Any]:
    """The scores without the measures that the tool does not print."""
    return {**scores, **{name: None for name in measures if name not in tool.told}}
