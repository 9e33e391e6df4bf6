"""Exit codes of signals."""

import signal

import pytest

from backbones.terminal import exits
from backbones.terminal.exits import Stopped, name_of


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [
        (signal.SIGINT, "SIGINT", exits.INTERRUPTED),
        (signal.SIGTERM, "SIGTERM", exits.TERMINATED),
    ],
)
def test_a_signal_ends_with_its_own_code_and_is_no_error(number, name, code):
    stopped = Stopped(number, "a line")
    assert stopped.exit_code == code
    assert str(stopped) == "a line"
    assert name_of(number) == name
    assert not isinstance(stopped, Exception)
