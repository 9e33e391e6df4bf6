"""What an evaluation server answered, where it alone knows the objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backbones.files.json_file import read_json

SERVER = "server.json"  # beside what was sent to it: percent by measure


def answered(file: Path, measures: Sequence[str]) -> list[float | None]:
    """Percent of each measure; None of those that the file lacks, and of all where there is none.

    Raises: ValueError for anything but an object of percents by measure.
    """
    told = read_json(file) if file.is_file() else {}
    known = isinstance(told, dict) and told.keys() <= set(measures)
    if not known or not all(map(_is_percent, told.values())):
        raise ValueError(
            f"{file} must hold an object of percents by {', '.join(measures)}, got {told!r:.200}; "
            "write there what the server answered"
        )
    return [told.get(name) for name in measures]


def _is_percent(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100


def told_to_send(files: Sequence[Path], objects: str, measure: str) -> list[str]:
    """A line on those of the files that no server has answered yet; none, where all are."""
    waiting = [str(file) for file in files if not file.with_name(SERVER).is_file()]
    return [
        f"The evaluation server alone knows the objects of {objects}: send it "
        f"{', '.join(waiting)}, write what it answers, in percent, into {SERVER} beside each, as "
        f'{{"{measure}": ...}}, and say this again.'
    ] * bool(waiting)
