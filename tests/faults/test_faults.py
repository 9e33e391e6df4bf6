"""Every fault of the suite once; `make faults` injects each many times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from resdet.commands.entry import COMMANDS

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))
from jobs import JOBS, RUNS  # noqa: E402
from run import OF_COMMANDS, TIMES  # noqa: E402


def inject(name, subject, file):
    options = ["--only", name, "--subject", subject, "--share", "0.01", "--json", str(file)]
    return subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), *options], capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["classifier", "detector"])
@pytest.mark.parametrize("name", TIMES)
def test_a_run_survives(name, subject, tmp_path):
    if not TIMES[name][subject == "detector"]:
        pytest.skip("means nothing here")
    done = inject(name, subject, tmp_path / "found.json")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())
    assert found["survived"] == found["injected"]
    assert found["lost"] <= found["period"]


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_COMMANDS)
def test_commands_survive(name, tmp_path):
    done = inject(name, "commands", tmp_path / "found.json")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())
    assert found["skipped"] or found["survived"] == found["injected"] > 0


def test_every_command_that_writes_is_injured():
    injured = {job.words.split()[0] for job in (*JOBS, *RUNS)}
    assert injured == set(COMMANDS) - {"completion", "explain"}  # which print


def test_a_killed_run_goes_on(tmp_path):
    """One of them in every run of the fast suite."""
    done = inject("in_writing", "classifier", tmp_path / "found.json")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())
    assert (found["injected"], found["survived"]) == (1, 1)
