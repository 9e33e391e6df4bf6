"""What every command-line tool shares: its parser, and a user's mistake as one line, no traceback.

Imports nothing heavy: `--help` is answered at once.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import logging
import math
import os
import re
import select
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from backbones.files.run_folder import is_run
from backbones.machine.exhaustion import OF_ANY, OutOfMemory, first_line, is_exhaustion
from backbones.machine.quick_import import spare_the_compiler
from backbones.machine.threads import sleep_while_waiting
from backbones.terminal.elastic import report_fault
from backbones.terminal.exits import INTERRUPTED, UNREAD, USER_ERROR, Stopped
from backbones.terminal.planned import check_planned, existing, reads, writes
from backbones.terminal.printable import PrintableFormatter, printable_lines
from backbones.terminal.signals import stop_by_signals
from backbones.terminal.wording import nearest

# a word of capitals may be a row's name too, so that keys without a dot are spelt out
_KEY = re.compile(r"[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)+|SEED|OUTPUT_DIR|CUDNN_BENCHMARK|VERSION")
_TIED = "\N{NO-BREAK SPACE}"  # where the use of a tool is not wrapped
_PAIR = re.compile(r"([A-Za-z_][\w.]*)=(.*)", re.DOTALL)
# argparse's way to say it, and ours
_WORDING = (
    (r"argument (.+?): not allowed with argument (.+)", r"\1 does not go with \2"),
    (r"argument (.+?): expected one argument", r"\1 needs a value"),
    (r"argument (.+?): expected at least one argument", r"\1 needs one value or more"),
    (r"argument (.+?): ignored explicit argument (.+)", r"\1 takes no value, got \2"),
    (r"argument (.+?): (must be .+)", r"\1 \2"),
    (r"argument (.+?): invalid (\w+) value: (.+)", r"\1 must be \2, got \3"),
    (r"the following arguments are required: (.+)", r"\1 must be given"),
)


def run(main: Callable[[Sequence[str]], int | None]) -> None:
    """Call `main(sys.argv[1:])` and exit with its code; see `exits` for the others.

    An error without text is one that another process tells.
    """
    stop_by_signals()
    sleep_while_waiting()
    spare_the_compiler()
    if logging.lastResort is not None:  # what warnings of readers go through
        logging.lastResort.setFormatter(PrintableFormatter())
    code: Any
    try:
        code = _code_of(main)
    except SystemExit as end:  # argparse's, or rich's, which has met a pipe that nobody reads
        code = UNREAD if isinstance(end.__context__, BrokenPipeError) else end.code
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or UNREAD
    gc.freeze()  # else all that torch's import made is searched for cycles, most of a second
    sys.exit(code)


def _code_of(main: Callable[[Sequence[str]], int | None]) -> int:
    try:
        return main(sys.argv[1:]) or 0
    except Exception as error:
        if is_exhaustion(error):
            error = OutOfMemory("what this command keeps", first_line(error), OF_ANY)
        elif not isinstance(error, (ValueError, OSError)):  # ConfigError is a ValueError
            raise
        if isinstance(error, BrokenPipeError) and _is_unread():
            return UNREAD
        _tell(f"error: {error}" if str(error) else "")
        return int(getattr(error, "exit_code", USER_ERROR))
    except Stopped as stop:
        _tell(str(stop))
        return stop.exit_code
    except KeyboardInterrupt:
        _tell("interrupted")
        return INTERRUPTED


def _is_unread() -> bool:
    """Whether nobody reads any more what is printed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _tell(text: str) -> None:
    if text:
        print(printable_lines(text), file=sys.stderr)
        report_fault(text)


class Parser(argparse.ArgumentParser):
    """The parser of a tool, made of the tool's docstring: its first line, then what ends the help.

    Options and positional arguments mix in any order, an option is written in full, and a
    misspelt one is answered with the nearest. Without any argument, a tool that needs some tells
    how it is used. `answers` has, for options that it does not take, what to give instead.
    """

    def __init__(self, doc: str | None = None, **options: Any) -> None:
        summary, _, rest = inspect.cleandoc(doc or "").partition("\n")
        settings: dict[str, Any] = {
            "prog": Path(sys.argv[0]).name,
            "description": summary,
            "epilog": rest.strip(),
            "formatter_class": _Formatter,
            "allow_abbrev": False,
        }
        super().__init__(**{**settings, **options})
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1e-3 is a value as well
        self._mixing = False
        self.answers: dict[str, str] = {}

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; KEY VALUE after an option of several values is KEY VALUE.

        Raises: OSError for outputs that would harm an input or each other, or have no place.
        """
        words = list(sys.argv[1:] if args is None else args)
        if not words and self._required():
            self._tell_use()
        parsed, unknown = self.parse_known_args(words, namespace)
        if unknown:
            self._refuse(unknown[0])
        check_planned(_of_command(self._actions, parsed), parsed)
        return parsed

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, where options and positional arguments mix, and no option is unknown."""
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        options = [word for word in takewhile("--".__ne__, args) if word.startswith("-")]
        if {"-h", "--help"} & set(options):
            self.print_help()
            self.exit()
        for word in options:
            if word.startswith("--") and word.partition("=")[0] not in self._option_string_actions:
                self._refuse(word)
        self._mixing = True
        try:
            parsed, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False
        _regroup(self._actions, parsed)
        return parsed, unknown

    def format_usage(self) -> str:
        """What must be given; the options have their own lines."""
        return f"usage: {self._wrapped_use()}\n"

    def format_help(self) -> str:
        """What must be given, the summary, the options, the examples."""
        self.usage = self._wrapped_use().replace("%", "%%")
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """One line; exit code 2."""
        message = re.sub(r"(--[\w-]+)(/-[\w-]+)+", r"\1", message)  # of aliases, the first
        either = re.fullmatch(r"one of the arguments (.+) is required", message)
        if either:
            message = f"{' or '.join(either[1].split())} must be given"
        for theirs, ours in _WORDING:
            message = re.sub(f"^{theirs}$", ours, message, flags=re.DOTALL)
        _tell(f"error: {message}")
        self.exit(USER_ERROR)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            near = nearest(str(value), names, most=1, cutoff=0.6)
            text = f"must be one of {', '.join(names)}, got {value}{near}"
            raise argparse.ArgumentError(action, text)

    def _required(self) -> bool:
        groups = self._mutually_exclusive_groups
        return any(a.required for a in self._actions) or any(g.required for g in groups)

    def _use(self) -> str:
        """The command in short: what must be given, "[options]", the positional arguments."""
        groups = [
            group._group_actions for group in self._mutually_exclusive_groups if group.required
        ]
        positional = self._get_positional_actions()
        alone = [a for a in self._actions if a.required and a not in positional]
        told = [self.prog, *map(_spelt, alone)]
        told += [f"({' | '.join(map(_spelt, group))})" for group in groups]
        return " ".join([*told, "[options]", *map(_spelt, positional)])

    def _wrapped_use(self) -> str:
        width = min(100, shutil.get_terminal_size().columns) - len("usage: ")
        lines = textwrap.wrap(self._use(), width, break_on_hyphens=False, break_long_words=False)
        return ("\n" + " " * 9).join(lines).replace(_TIED, " ")

    def _tell_use(self) -> NoReturn:
        """The short help."""
        example = re.search(r"(?<=examples:\n)(.*\\\n)*.*$", self.epilog or "", re.MULTILINE)
        lines = [self.description, f"usage: {self._wrapped_use()}"]
        lines += [f"example: {textwrap.dedent(example.group())}"] if example else []
        print(*lines, f"{self.prog} --help tells more", sep="\n", file=sys.stderr)
        self.exit(USER_ERROR)

    def _refuse(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            self.error(f"{word} is one argument too many")
        option = word.partition("=")[0]
        if option in self.answers:
            self.error(f"{option}: give {self.answers[option]}")
        near = nearest(option, self._option_string_actions, most=1, cutoff=0.6)
        self.error(f"unknown option {option}{near or f'; {self.prog} --help lists all'}")


def add_overrides(parser: argparse.ArgumentParser, help: str = "SOLVER.MAX_ITER 300 ...") -> None:
    """KEY VALUE, or KEY=VALUE, anywhere among the options."""
    parser.add_argument(
        "overrides", nargs="*", default=[], action=_Pairs, metavar="KEY VALUE", help=help
    )


class _Pairs(argparse.Action):
    """KEY VALUE KEY VALUE, where each may be written KEY=VALUE; the config refuses what is none."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        words: list[str] = list(values or ())
        flat: list[str] = []
        while words:
            key = words.pop(0)
            pair = _PAIR.fullmatch(key)
            flat += pair.groups() if pair else [key, *words[:1]]
            words = words if pair else words[1:]
        setattr(namespace, self.dest, flat)


def _of_command(
    actions: Iterable[argparse.Action], parsed: argparse.Namespace
) -> Iterator[argparse.Action]:
    """The arguments, those of the subcommand that was given among them."""
    for action in actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices[getattr(parsed, action.dest)]._actions


def _regroup(actions: Iterable[argparse.Action], parsed: argparse.Namespace) -> None:
    """In "--only ResNet-20 SOLVER.MAX_ITER 300", what follows the row is KEY VALUE."""
    if not hasattr(parsed, "overrides"):
        return
    for action in actions:
        given = getattr(parsed, action.dest, None)
        if action.nargs != "+" or not isinstance(given, list):
            continue
        keys = [i for i, word in enumerate(given) if _KEY.fullmatch(str(word))]
        if keys:
            setattr(parsed, action.dest, given[: keys[0]])
            parsed.overrides = given[keys[0] :] + parsed.overrides


def _spelt(action: argparse.Action) -> str:
    """An option or argument as it is written."""
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    value = str(value or action.dest.upper())
    if not action.option_strings:
        several = {"*": f"[{value} ...]", "+": f"{value} ..."}
        return several.get(str(action.nargs), value)
    name = action.option_strings[0]
    if action.nargs == 0:
        return name
    return f"{name} {value}{' ...' if action.nargs == '+' else ''}".replace(" ", _TIED)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, at most 100 columns."""

    def __init__(self, prog: str, **options: Any) -> None:
        width = min(100, shutil.get_terminal_size().columns)
        super().__init__(prog, **{"max_help_position": 34, "width": width, **options})

    def add_argument(self, action: argparse.Action) -> None:
        """Commands count with their indent, or the longest would be broken."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            longest = max(map(len, action.choices)) + self._current_indent + 2
            self._action_max_length = max(self._action_max_length, longest)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """As in "--config, --config-file NAME", where argparse writes NAME twice."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, action.dest.upper())
        return f"{', '.join(action.option_strings)} {value}"

    def _split_lines(self, text: str, width: int) -> list[str]:
        """No option is broken at its hyphens."""
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option that is a whole number, `least` or above."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number >= {least}, got {text!r}")
        return int(text)

    return number


positive, whole = at_least(1), at_least(0)


def number(text: str) -> float:
    """The type of an option that is a number."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, got {text!r}")
    return value


def share(text: str) -> float:
    """The type of an option that is in [0, 1]."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be in [0, 1], got {text!r}")
    return value


def add_device(parser: argparse._ActionsContainer, whose: str = "") -> None:
    """The option that names the device."""
    parser.add_argument(
        "--device", default="", help=f"{whose}cpu, cuda, cuda:1 [a GPU where one is]"
    )


def add_run(parser: argparse.ArgumentParser, folder: str, default: str = "") -> None:
    """The options of both trainers: the config, the folder of the run, and how it starts.

    `default`: the config where none is named, for a tool that has another way to be told its data.
    """
    known = f"of {folder}, or a path" + (f" [with --data: {default}]" if default else "")
    config = parser.add_argument(
        "--config", "--config-file", required=not default, metavar="NAME", help=known
    )
    reads(config, existing)
    output = parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder of the run [OUTPUT_DIR]"
    )
    writes(output, "folder", is_ours=is_run)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on with the run in --output")
    start.add_argument("--init-from", type=Path, metavar="FILE", help="a new run from its weights")
    add_overrides(parser)
