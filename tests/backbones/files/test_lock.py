"""A folder that one process at a time may write."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backbones.files.lock import held

HOLDER = (
    "import sys, pathlib, time\n"
    "from backbones.files.lock import held\n"
    "with held(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_of_the_first(tmp_path: Path, holder) -> None:
    who = rf"process {holder.pid} on {re.escape(platform.node())} runs since 20\d\d-"
    with pytest.raises(OSError, match=rf"no other run writes, got .*run, where {who}"):
        held(tmp_path / "run").__enter__()
    holder.communicate("")
    with held(tmp_path / "run"):
        assert os.listdir(tmp_path / "run") == [".lock"]
    assert os.listdir(tmp_path) == []  # nothing came of it


def test_what_a_killed_process_held_is_free(tmp_path: Path, holder) -> None:
    holder.kill()
    holder.wait()
    assert os.listdir(tmp_path / "run") == [".lock"]
    with held(tmp_path / "run"):
        pass
    assert os.listdir(tmp_path / "run") == []


def test_who_holds_it_may_ask_again(tmp_path: Path) -> None:
    with held(tmp_path / "new" / "run"):
        with held(tmp_path / "new" / "run"):
            pass
        assert os.listdir(tmp_path / "new" / "run") == [".lock"]  # still held
    assert os.listdir(tmp_path) == []  # nor does a folder above it stay


def test_workers_do_not_hold_it_on(tmp_path: Path) -> None:
    program = HOLDER.replace("    print", "    os.fork() or time.sleep(5)\n    print")
    first = subprocess.Popen(
        [sys.executable, "-c", f"import os\n{program}", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    first.stdout.readline()
    first.kill()
    first.wait()
    with held(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="must be a folder, got .*file, which is a file"):
        held(tmp_path / "file" / "run").__enter__()
