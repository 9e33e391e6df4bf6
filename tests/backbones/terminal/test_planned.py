"""Which arguments are read and which are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.terminal.parser import Parser
from backbones.terminal.planned import existing, reads, writes


@pytest.fixture
def parser() -> Parser:
    parser = Parser("Do.")
    parser.add_argument("--data", type=Path)
    reads(parser.add_argument("--config"), existing)
    reads(parser.add_argument("sides", nargs="*", metavar="SIDE"), lambda side: [Path(side)])
    result = parser.add_argument("--json", type=Path)
    writes(result, beside=lambda path: [path.with_suffix(".npz")])
    writes(parser.add_argument("--output", type=Path), lambda p: "file" if p.suffix else "folder")
    return parser


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.json", "--json", "a.json"], "--json must be apart from what SIDE reads"),
        (["a.npz", "--json", "a.json"], "--json must be apart from what SIDE reads, got a.npz"),
        (["--config", "a.json", "--json", "a.json"], "apart from what --config reads"),
        (["--data", "d", "--output", "d"], "apart from what --data reads"),
        (["--json", "x.json", "--output", "x.json"], "apart from where --json writes"),
        (["--json", "x.json", "--output", "x.npz"], "apart from where --json writes"),
    ],
)
def test_what_meets_is_told(parser, tmp_path, monkeypatch, words, told) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    for name in ("a.json", "a.npz", "d/x"):
        (tmp_path / name).write_text("")
    with pytest.raises(OSError, match=told):
        parser.parse_args(words)


def test_what_is_apart_is_parsed(parser, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    parsed = parser.parse_args(["a.json", "--config", "named", "--json", "named", "--output", "o"])
    assert parsed.json == Path("named")


def test_the_arguments_of_a_subcommand_are_planned(tmp_path) -> None:
    parser = Parser("Do.")
    commands = parser.add_subparsers(dest="what", parser_class=Parser)
    writes(commands.add_parser("draw").add_argument("--plot", type=Path))
    with pytest.raises(OSError, match="--plot must be a file"):
        parser.parse_args(["draw", "--plot", str(tmp_path)])
