"""The lowest versions that pyproject.toml admits are written, and are those that were tried."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib")  # of Python 3.11

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
GROUPS = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
REQUIRED = [
    (group, one) for group, many in GROUPS.items() for one in many if not one.startswith("resdet[")
]


@pytest.mark.parametrize(("group", "requirement"), REQUIRED)
def test_a_requirement_has_a_floor_and_make_floors_installs_it(group, requirement):
    written = re.match(r"([\w-]+)>=([\w.]+)", requirement)
    assert written
    if group == "dev" or not Path(sys.prefix, "lowest").is_file():
        return  # no test runs linters; the file is of make floors
    name, floor = written.groups()
    assert f"{version(name)}.".startswith(f"{floor}.")
