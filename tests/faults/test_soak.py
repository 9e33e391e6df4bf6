"""What the soak calls flat, and what it does not."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from soak import Sample, plot, verdict


def rounds(count=40, **changes):
    own = {"memory": 800.0, "handles": 11, "threads": 1, "children": 0, "zombies": 0, **changes}
    return [
        Sample(n / 10, **{k: v(n) if callable(v) else v for k, v in own.items()})
        for n in range(count)
    ]


def test_flat(tmp_path):
    assert verdict(rounds(memory=lambda n: 800 + n % 7)) == []
    plot(rounds(), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"memory": lambda n: 800 + 3 * n}, "memory grew from 816 to 912 MB"),
        ({"handles": lambda n: 11 + n // 20}, "handles grew from 11 to 12"),
        ({"threads": lambda n: 1 + n}, "threads grew"),
        (
            {"children": lambda n: int(n == 5), "zombies": lambda n: int(n == 5)},
            "1 children.*1 zombies",
        ),
    ],
)
def test_growth(changes, told):
    faults = verdict(rounds(**changes))
    assert len(faults) == 1
    assert re.search(told, faults[0])


def test_too_short():
    assert "only 9 rounds" in verdict(rounds(9))[0]
