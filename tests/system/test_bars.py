"""Long work of the tools has a bar on a terminal; what they print stays as it is in a file."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from resdet.data.shapes.make import make_shapes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    make_shapes(root, num_train=12, num_val=2, num_test=4, size=48, seed=0)
    return root


def on_a_terminal(command):
    """(stdout, what a terminal got as stderr)."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    environment.pop("RANK", None)
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        cwd=ROOT,
    )
    os.close(theirs)
    shown = io.BytesIO()
    try:
        while part := os.read(ours, 65536):
            shown.write(part)
    except OSError:  # the end of a terminal
        pass
    os.close(ours)
    assert done.returncode == 0, shown.getvalue()
    return done.stdout.decode(), shown.getvalue().decode()


def test_a_check_counts_images_on_the_terminal_only(shapes):
    command = ["tools/check_data.py", "--data", shapes, "--workers", "1", "--quick"]
    out, shown = on_a_terminal(command)
    assert "looking at images" in shown
    assert "\x1b" not in out
    plain = subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, cwd=ROOT
    )
    assert plain.stderr == ""
    lines = [line for line in out.splitlines() if " s" not in line]  # seconds differ
    assert lines == [line for line in plain.stdout.splitlines() if " s" not in line]


def test_shapes_are_counted_while_they_are_drawn(tmp_path):
    sizes = ["--train", "8", "--val", "1", "--test", "1", "--size", "48"]
    out, shown = on_a_terminal(["tools/make_shapes.py", "--output", tmp_path / "s", *sizes])
    assert "drawing train" in shown
    assert "train     8 images" in out
