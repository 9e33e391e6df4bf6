"""One thing that doctor found, and how a look that fails becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

LEVELS = ("ok", "note", "warning", "error")  # an error is what keeps resdet from working


@dataclass(frozen=True)
class Finding:
    """What was found of one topic; `remedy` and `command` are what to do about it."""

    topic: str
    level: str
    text: str
    remedy: str = ""
    command: str = ""


def guarded(topic: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What `check` finds; what breaks in it is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except (Exception, SystemExit) as error:
        told = " ".join(str(error).split()) or "no reason given"
        text = f"broken: {type(error).__name__}: {told[:300]}"
        remedy = "install it again; what does not fit together is told by:"
        found.append(Finding(topic, "error", text, remedy, "pip check"))
    return found
