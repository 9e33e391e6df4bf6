"""The parser of all tools: what it takes, what it says of a mistake, and each tool's help."""

import argparse
import os
import re
import subprocess
import sys

import pytest

from backbones.terminal.exits import UNREAD
from backbones.terminal.parser import Parser, add_overrides, add_run, positive, run, share
from resdet.commands.entry import COMMANDS, command

DOC = r"""Does a thing.

examples:
  resdet thing --config a \
    --rounds 3
  resdet thing --config b

Exit code: 0.
"""


@pytest.fixture
def parser(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/somewhere/resdet thing", "..."])
    made = Parser(DOC)
    add_run(made, "configs/detection")
    made.add_argument("--rounds", type=positive, default=1, metavar="N")
    made.add_argument("--only", nargs="+", metavar="ROW")
    made.add_argument("--kind", choices=("plain", "residual"))
    made.add_argument("--threshold", type=share)
    return made


def refusal(parser, capsys, *argv):
    """The one line, without "error: "."""
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(list(argv))
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line.removeprefix("error: ")


@pytest.mark.parametrize(
    "argv",
    [
        ["A.B", "1", "--config", "x", "C", "-1e-3"],
        ["--config", "x", "A.B=1", "C", "-1e-3"],
        ["A.B", "1", "--config", "x", "--resume", "C=-1e-3"],
        ["--config", "x", "--only", "ResNet-20", "A.B", "1", "C", "-1e-3"],
        ["--config", "x", "--only", "ResNet-20", "A.B", "1", "--rounds", "2", "C", "-1e-3"],
    ],
    ids=" ".join,
)
def test_key_value_stands_anywhere(parser, argv):
    args = parser.parse_args(argv)
    assert args.overrides == ["A.B", "1", "C", "-1e-3"]
    assert args.config == "x"
    assert args.only in (None, ["ResNet-20"])


def test_a_value_may_hold_an_equals_sign(parser):
    args = parser.parse_args(["--config=x", "A", "b=c", "D=e=f", "g.h=", "I.J", "K.L"])
    assert args.overrides == ["A", "b=c", "D", "e=f", "g.h", "", "I.J", "K.L"]
    assert parser.parse_args(["--config", "x"]).overrides == []


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--confg", "x"], "unknown option --confg; did you mean --config?"),
        (["--conf", "x"], "unknown option --conf; did you mean --config?"),  # no abbreviation
        (["--config", "x", "--round=3"], "unknown option --round; did you mean --rounds?"),
        (
            ["--config", "x", "--learning"],
            "unknown option --learning; resdet thing --help lists all",
        ),
        (["--config", "x", "-z"], "unknown option -z; resdet thing --help lists all"),
        (["--rounds", "3"], "--config must be given"),
        (["--config"], "--config needs a value"),
        (["--config", "x", "--only"], "--only needs one value or more"),
        (["--config", "x", "--rounds", "0"], "--rounds must be a whole number >= 1, got '0'"),
        (["--config", "x", "--threshold", "2"], "--threshold must be in [0, 1], got '2'"),
        (["--config", "x", "--threshold", "nan"], "--threshold must be a finite number, got 'nan'"),
        (["--config", "x", "--threshold", "x"], "--threshold must be a number, got 'x'"),
        (
            ["--config", "x", "--kind", "residul"],
            "--kind must be one of plain, residual, got residul; did you mean residual?",
        ),
        (
            ["--config", "x", "--resume", "--init-from", "y"],
            "--init-from does not go with --resume",
        ),
        (["--config", "x", "--resume=1"], "--resume takes no value, got '1'"),
    ],
)
def test_a_mistake_is_told_in_one_line(parser, capsys, argv, text):
    assert refusal(parser, capsys, *argv) == text


def test_one_of_two_options_must_be_given(capsys):
    parser = Parser("A tool.")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--data")
    group.add_argument("--input", "--video")
    parser.add_argument("--other")
    with pytest.raises(SystemExit):
        parser.parse_args(["--other", "1"])
    assert capsys.readouterr().err == "error: --data or --input must be given\n"


def test_without_arguments_the_use_is_told(parser, capsys):
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args([])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "Does a thing.",
        "usage: resdet thing --config NAME [options] [KEY VALUE ...]",
        "example: resdet thing --config a \\",
        "  --rounds 3",
        "resdet thing --help tells more",
    ]


def test_without_arguments_a_tool_that_needs_none_runs():
    made = Parser("Does it.")
    made.add_argument("--quick", action="store_true")
    add_overrides(made)
    assert made.parse_args([]) == argparse.Namespace(quick=False, overrides=[])


def test_a_command_has_its_own_options(capsys):
    made = Parser("Does it.", prog="resdet thing")
    what = made.add_subparsers(dest="what", required=True, metavar="WHAT")
    training = what.add_parser("training")
    training.add_argument("--rounds", type=positive)
    add_overrides(training)
    args = made.parse_args(["training", "A", "1", "--rounds", "2", "B=3"])
    assert (args.what, args.rounds, args.overrides) == ("training", 2, ["A", "1", "B", "3"])
    for argv, text in (
        (["trainng"], "WHAT must be one of training, got trainng; did you mean training?"),
        (["training", "--round", "2"], "unknown option --round; did you mean --rounds?"),
    ):
        with pytest.raises(SystemExit):
            made.parse_args(argv)
        assert capsys.readouterr().err.splitlines()[0] == f"error: {text}"


def test_help_is_the_docstring_with_the_options_between(parser, capsys):
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--config", "x", "-h"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    summary, options, rest = (
        text.index(part) for part in ("Does a thing.", "--config, --config-file NAME", "examples:")
    )
    assert summary < options < rest
    assert text.endswith("Exit code: 0.\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_an_example_and_explains_each_option(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    parser = command(name).arguments()
    assert isinstance(parser, Parser)
    assert not parser.allow_abbrev
    assert re.search(rf"^examples:\n.*resdet {re.escape(name)}", parser.epilog, re.MULTILINE)
    assert all(len(line) <= 100 for line in parser.format_help().splitlines())
    for each in [parser, *commands(parser)]:
        silent = [action.dest for action in each._actions if not action.help]
        assert [name for name in silent if name != "what"] == []


def commands(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "ends",
    ["return 0", "raise SystemExit(0)", "from rich.console import Console; Console().print('x')"],
)
def test_a_reader_that_goes_ends_a_tool_in_silence(unbuffered, ends):
    code = (
        f"from backbones.terminal.parser import run\ndef main(argv): print('x'); {ends}\nrun(main)"
    )
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (UNREAD, b"")


def test_a_pipe_that_breaks_elsewhere_is_told():
    code = (
        "from backbones.terminal.parser import run\n"
        "def main(argv): raise BrokenPipeError(32, 'of a worker')\nrun(main)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"error: [Errno 32] of a worker\n")


def test_leaving_searches_nothing_for_cycles():
    code = (
        "import gc, sys\nfrom backbones.terminal.parser import run\n"
        "class Loop:\n    def __del__(self): print('searched', flush=True)\n"
        "def main(argv): gc.disable(); loop = Loop(); loop.itself = loop; return 3\nrun(main)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 3)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (MemoryError(), "'MemoryError'"),
        (ImportError("a.so: failed to map segment from shared object"), "'a.so: failed to map"),
        (OSError(12, "Cannot allocate memory"), "'[Errno 12] Cannot"),
    ],
)
def test_memory_that_runs_out_anywhere_is_one_line(monkeypatch, capsys, raised, told):
    monkeypatch.setattr("sys.argv", ["resdet thing"])
    for setting in ("stop_by_signals", "sleep_while_waiting", "spare_the_compiler", "gc.freeze"):
        monkeypatch.setattr(f"backbones.terminal.parser.{setting}", lambda: None)

    def main(argv):
        raise raised

    with pytest.raises(SystemExit) as end:
        run(main)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: memory must hold what this command keeps, got {told}")
    assert "OMP_NUM_THREADS=1" in line
    assert end.value.code == 2
