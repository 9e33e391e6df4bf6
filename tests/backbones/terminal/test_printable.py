"""Nothing that a file says reaches a terminal as a command."""

import subprocess
import sys

import pytest

from backbones.terminal.printable import printable, printable_lines

EVIL = "a\x1b[31m\x9b2J\u202e\x07b"
SEEN = r"a\x1b[31m\x9b2J\u202e\x07b"


def test_commands_are_shown_and_letters_stay():
    assert printable(f"{EVIL}\n") == SEEN + r"\n"
    assert printable_lines(f"{EVIL}\n  b\r") == f"{SEEN}\n  b" + r"\r"
    assert printable("naïve 猫 <script>") == "naïve 猫 <script>"


@pytest.mark.parametrize(
    "told",
    ["raise ValueError({!a})", "raise OSError({!a})", "logging.getLogger('x').warning({!a})"],
)
def test_an_error_and_a_warning_of_a_tool(told):
    code = (
        "import logging\nfrom backbones.terminal.parser import run\n"
        f"def main(argv):\n    {told.format(EVIL + chr(10) + 'second line')}\nrun(main)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    lines = found.stderr.decode().splitlines()
    assert [line.removeprefix("error: ") for line in lines] == [SEEN, "second line"]
