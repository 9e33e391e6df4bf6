"""Every command with every output at every place where it would harm what the command reads.

Commands, options and what they read and write are taken from the parsers; here stand one valid
value for each kind of input and what makes a run short.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from matplotlib.figure import Figure

from backbones.terminal import planned
from resdet.commands import benchmark
from resdet.commands.entry import COMMANDS, command

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import inputs

Call = Callable[[Sequence[str]], tuple[int, str]]

# below the folder of inputs, by the option of a command, else by its name alone
VALUES = {
    "sides": "results/a.json results/b.json",
    "--annotations": "voc/annotations/instances_test.json",
    "--checkpoint": "detector/model_final.pth",
    "--classes": "config/names.txt",
    "--config": "config/detector.yaml",
    "--data": "voc",
    "--detections": "comp4",
    "--ensemble": "detector/model_final.pth",
    "--images": "voc/JPEGImages",
    "--init-from": "detector/model_final.pth",
    "--input": "pictures",
    "--weights": "classifier/model_final.pth",
    "checkpoint": "detector/model_final.pth",
    "data": "voc",
    "eval-backbone --data": "crops",
    "eval-backbone --ensemble": "classifier/model_final.pth",
    "--files": "detector/model_final.pth",
    "--onnxruntime-web": "library",
    "eval-loc --checkpoint": "localiser/model_final.pth",
    "eval-loc --data": "ILSVRC/Annotations/CLS-LOC",
    "eval-loc --detections": "guesses/own.txt",
    "input": "classifier/model_final.pth",
    "visualize --classes": "",  # names
    "train-backbone --config": "config/classifier.yaml",
    "train-backbone --init-from": "classifier/model_final.pth",
}
WITH = {"--annotations": "--images", "--images": "--annotations"}  # where a command has both
SHORT = {
    "check-data": ("--quick", "--workers", "1"),
    "compare": ("--resamples", "0"),
    "convert": ("--to", "yolo"),
    "eval-backbone": ("--workers", "0"),
    "make-shapes": ("--train", "2", "--val", "1", "--test", "1", "--size", "48"),
    "reproduce": ("fig1",),
    "train-det": (
        *("--eval-only", "--init-from", "{}/detector/model_final.pth"),
        *("--config", "{}/config/detector.yaml"),
    ),
}
WRITING_NAME = re.compile(r"--(out.*|json|csv|plots?|markdown|gallery|report|log|save.*|fix|crops)")
WRITING_HELP = re.compile(r"\b(write|written|draw it|keep what)\b")
GO_TOGETHER = re.compile(r"\bgo(es)? with\b")  # another option, without which nothing is done


class Command(NamedTuple):
    """A command, or one of its subcommands."""

    words: tuple[str, ...]
    actions: tuple[argparse.Action, ...]

    @property
    def written(self) -> list[argparse.Action]:
        return [a for a in self.actions if isinstance(mark(a), planned._Written)]

    @property
    def read(self) -> list[argparse.Action]:
        return [a for a in self.actions if self.value(a)]

    def value(self, action: argparse.Action) -> str:
        option = name_of(action)
        if isinstance(mark(action), planned._Written) or action.nargs == 0:
            return ""
        return VALUES.get(f"{self.words[0]} {option}", VALUES.get(option, ""))


def mark(action: argparse.Action) -> object:
    return getattr(action, planned._MARK, None)


def name_of(action: argparse.Action) -> str:
    return action.option_strings[0] if action.option_strings else action.dest


def commands() -> Iterator[Command]:
    for name in COMMANDS:
        actions = command(name).arguments()._actions
        below = [a for a in actions if isinstance(a, argparse._SubParsersAction)]
        for word, parser in below[0].choices.items() if below else []:
            yield Command((name, word), tuple(parser._actions))
        if not below:
            yield Command((name,), tuple(actions))


ALL = list(commands())
PAIRS = [(c, read, out) for c in ALL for read in c.read for out in c.written]
OUTPUTS = [(c, one, two) for c in ALL for one in c.written for two in c.written if one != two]
Case = tuple[Command, argparse.Action, argparse.Action]


def told_of(case: Case) -> str:
    one, *actions = case
    return " ".join([*one.words, *map(name_of, actions)])


@pytest.mark.parametrize("one", ALL, ids=lambda c: " ".join(c.words))
def test_what_is_written_is_marked(one: Command) -> None:
    """A path that is neither marked nor among the values above is read by nobody's purpose."""
    takes = [a for a in one.actions if a.nargs != 0 and not isinstance(a, argparse._HelpAction)]
    told = [a for a in takes if any(map(WRITING_NAME.fullmatch, a.option_strings))]
    told += [a for a in takes if WRITING_HELP.search(a.help or "")]
    assert [name_of(a) for a in told if mark(a) is None] == []
    paths = [a for a in takes if a.type is Path and mark(a) is None]
    assert [name_of(a) for a in paths if not one.value(a)] == []


def test_each_value_is_read_by_a_command() -> None:
    names = {name_of(read) for _, read, _ in PAIRS}
    names |= {f"{c.words[0]} {name_of(read)}" for c, read, _ in PAIRS}
    assert [option for option, value in VALUES.items() if value and option not in names] == []
    assert len(PAIRS) > 60


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "inputs"
    inputs.make_inputs(folder)
    return folder


@pytest.fixture
def call(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process -> exit code and what is told; no input is changed by it."""
    before = inputs.digests(root)
    monkeypatch.setattr(benchmark, "_measure", lambda name, options: {})  # of minutes
    monkeypatch.setattr(benchmark, "_goals", lambda measured, device: {})
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **how: file.write(b"png"))

    def run(words: Sequence[str]) -> tuple[int, str]:
        try:
            code = command(words[0]).main(words[1:]) or 0
            told = ""
        except (ValueError, OSError) as error:
            code, told = 2, str(error)
        except SystemExit as end:
            code, told = int(end.code or 0), capsys.readouterr().err.strip()
        after = inputs.digests(root)
        assert {p.name for p, digest in before.items() if after.get(p) != digest} == set(), words
        for path in after.keys() - before.keys():
            path.unlink()
        return code, told

    return run


def words_of(one: Command, chosen: argparse.Action, root: Path) -> list[str]:
    """The command with `chosen` and all that must be given with it."""
    names = {name_of(a): a for a in one.read}
    given = {name_of(chosen): chosen}
    given |= {name_of(a): a for a in one.read if a.required or not a.option_strings}
    for group in command(one.words[0]).arguments()._mutually_exclusive_groups:
        members = {name_of(a): a for a in group._group_actions}
        if group.required and not members.keys() & given.keys():
            given |= dict(list(members.items())[-1:])
    for name in list(given):
        other = WITH.get(name, name)
        given |= {other: names[other]} if other in names else {}
    truths = {"--data", "--annotations"}
    if truths <= names.keys() and not given.keys() & {*truths, "--input"}:
        given["--data"] = names["--data"]
    words = [*one.words]
    for name, action in sorted(given.items(), key=lambda item: not item[1].option_strings):
        values = [str(root / value) for value in one.value(action).split()]
        words += [name, *values] if action.option_strings else values
    return [*words, *(text.format(root) for text in SHORT.get(one.words[0], ()))]


def places(given: Path, folder: Path) -> dict[str, Path]:
    """Where writing could harm what is read at a place."""
    links = folder / "links"
    links.mkdir()
    (links / "link").symlink_to(given)
    found = {
        "itself": given,
        "around": given.parent,
        "by dots": given.parent / ".." / given.parent.name / given.name,
        "by a link": links / "link",
    }
    files = sorted(p for p in given.rglob("*") if p.is_file()) or [given]
    for path in {p.parent: p for p in files if p != given}.values():
        found[f"file {path.relative_to(given)}"] = path
        found[f"folder {path.parent.relative_to(given)}"] = path.parent
        found["file by a link"] = links / "link" / path.relative_to(given)
    hard = folder / f"hard{files[0].suffix}"
    os.link(files[0], hard)
    found["by a hard link"] = hard
    found |= {f"beside {p.name}": p for p in companions(given)}
    within = folder / "within"
    within.mkdir()
    for path in {p.name: p for p in files}.values():
        within.joinpath(path.name).symlink_to(path)
    found["links in it"] = within
    return found


def companions(given: Path) -> list[Path]:
    return [p for p in given.parent.iterdir() if p != given and p.name.startswith(given.stem)]


def of_output(action: argparse.Action, place: Path) -> list[str]:
    return [name_of(action), str(place)] if action.option_strings else [str(place)]


@pytest.mark.parametrize("case", PAIRS, ids=told_of)
def test_no_output_harms_an_input(root: Path, tmp_path: Path, call: Call, case: Case) -> None:
    one, read, out = case
    refused = 0
    given = root / one.value(read).split()[0]
    for name, place in places(given, tmp_path).items():
        code, told = call([*words_of(one, read, root), *of_output(out, place)])
        if code == 2:
            assert "\n" not in told, name
            assert str(place) in told or GO_TOGETHER.search(told), name
            refused += "must be apart from what" in told
        else:
            assert code in (0, 1), name
    assert refused >= 2


@pytest.mark.parametrize("case", OUTPUTS, ids=told_of)
def test_no_output_harms_another(root: Path, tmp_path: Path, call: Call, case: Case) -> None:
    one, first, second = case
    words = words_of(one, one.read[0], root) if one.read else [*one.words]
    required = [a for a in one.written if a.required and a not in (first, second)]
    words += [text for a in required for text in of_output(a, tmp_path / "required")]
    marks = [m for m in map(mark, (first, second)) if isinstance(m, planned._Written)]
    place = tmp_path / "out"
    for other in [place, *marks[0].beside(place)]:
        code, told = call([*words, *of_output(first, place), *of_output(second, other)])
        if [m.kind for m in marks] != ["folder", "folder"]:
            assert code == 2
            assert re.search("must be apart from where .* writes", told), told
