"""The command `resdet`: what it lists, starts and answers; nothing heavy is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from resdet.commands import entry as command

ROOT = Path(__file__).resolve().parents[3]
DEVELOPERS = {"__init__", "make_golden"}  # not listed
HEAVY = """
import sys
from resdet.commands import entry as command
sys.argv = ["resdet", *sys.argv[1:]]
try:
    command.entry()
finally:
    print("heavy:", *({"torch", "cv2", "torchvision", "detectron2"} & set(sys.modules)))
"""


def resdet(*argv):
    return subprocess.run(
        [sys.executable, "-m", "resdet", *argv], capture_output=True, text=True, cwd=ROOT
    )


def test_every_tool_is_the_door_of_a_command_or_a_developers_script():
    names = {name.replace("-", "_") for name in command.COMMANDS}
    assert len(names) == len(command.COMMANDS)
    assert {path.stem for path in (ROOT / "tools").glob("*.py")} - DEVELOPERS == names
    for name in names:
        text = (ROOT / "tools" / f"{name}.py").read_text()
        assert f"from resdet.commands.{name} import main" in text
        assert len(text.splitlines()) < 10


def test_a_command_may_be_named_by_its_file():
    told = subprocess.run(
        [sys.executable, ROOT / "tools" / "convert.py", "--help"], capture_output=True, text=True
    )
    assert told.stdout.splitlines()[0].startswith("usage: convert.py")
    assert told.stdout.splitlines()[2:] == resdet("convert", "--help").stdout.splitlines()[2:]


def test_the_overview_tells_each_command_in_one_line():
    done = resdet("--help")
    assert done.returncode == 0
    assert done.stdout == command.overview()
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100, max(lines, key=len)
    for name in command.COMMANDS:
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.endswith(f"  {command.summary(name)}")
    without = resdet()
    assert (without.returncode, without.stderr) == (2, done.stdout)


def test_help_of_a_command():
    told = resdet("help", "convert")
    assert told.returncode == 0
    assert told.stdout == resdet("convert", "--help").stdout


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("train-dte", "unknown command train-dte; did you mean train-det?"),
        ("train_det", "unknown command train_det; did you mean train-det?"),
        ("eval_voc.py", "unknown command eval_voc.py; did you mean eval-voc?"),
        ("xyz", "unknown command xyz; resdet --help lists all"),
        ("--vers", "unknown option --vers; resdet --help lists all"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_nearest(word, text):
    with pytest.raises(ValueError, match=text.replace("?", r"\?")):
        command.main([word])


def test_versions_are_told(capsys):
    assert command.main(["--version"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == ["resdet", "torch", "torchvision", "detectron2", "Python"]
    import torch

    assert lines["torch"] == torch.__version__.partition("+")[0] or lines["torch"].startswith("2.")


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["train-det", "--help"]], ids=" ".join)
def test_what_is_asked_first_imports_nothing_heavy(argv):
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, *argv], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy:"


def test_a_command_is_its_tool():
    done = resdet("make-shapes", "--help")
    assert done.stdout.startswith("usage: resdet make-shapes --output DIR [options]")
    wrong = resdet("train-det", "--config", "shapes_r81")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: shapes_r81: config must be a file or one")
    assert "shapes_r18" in wrong.stderr
