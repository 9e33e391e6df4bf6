"""Completion as a real bash gives it; zsh and fish where they are installed."""

import shlex
import shutil
import subprocess

import pytest

pytest.importorskip("shtab")

from resdet.commands.completion import script
from resdet.evaluation.registry import BOTH, VOC_METRICS

ODD = "it's [a] (b)"
ASK = """
source {script}
complete -p resdet >/dev/null || exit 3
COMP_WORDS=({words} {last})
COMP_CWORD={count}
_shtab_resdet
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def bash(tmp_path_factory):
    if not shutil.which("bash"):
        pytest.skip("no bash")
    folder = tmp_path_factory.mktemp("shell")
    (folder / "completion.sh").write_text(script("bash"))
    (folder / "mine.yaml").touch()
    (folder / "data").mkdir()
    (folder / ODD / "deep one").mkdir(parents=True)
    (folder / ODD / "c d.yaml").touch()

    def complete(*words):
        asked = ASK.format(
            script=shlex.quote(str(folder / "completion.sh")),
            words=" ".join(words[:-1]),
            last=shlex.quote(words[-1]),
            count=len(words) - 1,
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", asked], capture_output=True, text=True, cwd=folder
        )
        assert done.returncode == 0, done.stderr
        return set(done.stdout.splitlines())

    return complete


@pytest.mark.parametrize(
    ("words", "given", "withheld"),
    [
        (["resdet", "train-"], {"train-det", "train-backbone"}, {"doctor"}),
        (["resdet", "--v"], {"--version"}, set()),
        (["resdet", "train-det", "--co"], {"--config", "--config-file"}, {"--engine"}),
        (["resdet", "train-det", "--config", "shapes_"], {"shapes_r18"}, {"shapes_resnet18"}),
        (["resdet", "train-backbone", "--config", "shapes_"], {"shapes_resnet18"}, {"shapes_r18"}),
        (["resdet", "train-det", "--config", "mi"], {"mine.yaml"}, {"shapes_r18"}),
        (["resdet", "train-det", "--config", "base"], set(), {"base_c4"}),
        (["resdet", "train-det", "--precision", "b"], {"bf16"}, {"fp16"}),
        (["resdet", "eval-voc", "--data", ""], {"data"}, {"mine.yaml"}),
        (["resdet", "eval-voc", "--checkpoint", ""], {"data", "mine.yaml"}, set()),
        (["resdet", "eval-voc", "--metric", ""], {*VOC_METRICS, BOTH}, {"mine.yaml"}),
        (["resdet", "benchmark", "train-backbone", "--var"], {"--variant"}, set()),
        (["resdet", "completion", ""], {"bash", "zsh", "fish"}, set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash(bash, words, given, withheld):
    found = bash(*words)
    assert given <= found
    assert not withheld & found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["train-det", "--config", "it"], {ODD}),
        (["train-det", "--config", f"{ODD}/"], {f"{ODD}/deep one", f"{ODD}/c d.yaml"}),
        (["eval-voc", "--checkpoint", f"{ODD}/c"], {f"{ODD}/c d.yaml"}),
        (["eval-voc", "--data", "it"], {ODD}),
        (["eval-voc", "--data", f"{ODD}/"], {f"{ODD}/deep one"}),
    ],
)
def test_bash_completes_in_folders_of_any_name(bash, words, found):
    assert bash("resdet", *words) - {""} == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_every_command_and_can_be_read_by_its_shell(shell, tmp_path):
    from resdet.commands import entry as command

    text = script(shell)
    assert all(name in text for name in command.COMMANDS)
    assert "shapes_r18" in text
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    (tmp_path / "script").write_text(text)
    subprocess.run([shell, "-n", tmp_path / "script"], check=True)
