"""The list of all findings, and how they are shown."""

from __future__ import annotations

import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.terminal.wording import count
from resdet.doctor.finding import LEVELS, Finding, guarded

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"ok": "green", "note": "cyan", "warning": "yellow", "error": "bold red"}


def examine(output: Path, data: Path | None = None) -> list[Finding]:
    """Everything, in the order in which one thing needs the other. Takes seconds: torch loads.

    `output` is where runs will be written; `data` the root of named datasets, by default
    $DETECTRON2_DATASETS or ./datasets.
    """
    from resdet.doctor import machine, software

    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "Python": software.python,
        "torch": software.torch_build,
        "GPU": software.gpus,
        "torchvision": software.torchvision_operators,
        "detectron2": software.detectron2,
        "OpenCV": software.opencv,
        "COCO tools": software.coco_tools,
        "packages": software.packages,
        "optional": software.extras,
        "runtimes": software.runtimes,
        "cores": machine.cores,
        "memory": machine.memory,
        "shared memory": machine.shared_memory,
        "output": lambda: machine.output_folder(output),
        "data": lambda: machine.datasets(data),
        "weights": machine.cached_weights,
        "plugins": software.plugins,
        "settings": machine.settings,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that are imported, about each other
        return [finding for topic, check in checks.items() for finding in guarded(topic, check)]


def report(findings: Sequence[Finding], width: int) -> Iterator[Text]:
    """Lines of `width` columns: each finding, its remedy below it, the count of each level.

    A command is a line of its own, unbroken, to be copied.
    """
    from rich.text import Text

    indent = " " * (max(map(len, LEVELS)) + 2)
    column = max(len(finding.topic) for finding in findings) + 2
    shown = ""
    for finding in findings:
        style = _STYLES[finding.level]
        room = width - len(indent) - column
        first, *rest = textwrap.wrap(finding.text, room, break_long_words=False) or [""]
        topic = "" if finding.topic == shown else finding.topic
        shown = finding.topic
        yield Text.assemble((f"{finding.level:{len(indent)}}", style), f"{topic:{column}}", first)
        yield from (Text(f"{indent}{'':{column}}{line}") for line in rest)
        remedy = textwrap.wrap(finding.remedy, width - len(indent) - 3)
        for start, line in zip(["-> ", *["   "] * len(remedy)], remedy):
            yield Text(f"{indent}{start}{line}", style)
        if finding.command:
            yield Text(f"{indent}{'   ' if remedy else '-> '}{finding.command}", style)
    yield Text()
    yield Text(_verdict(findings), "bold")


def _verdict(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    told = [count(counts[level], level) for level in reversed(LEVELS[1:]) if counts[level]]
    able = "cannot work here until the errors are mended" if counts["error"] else "can work here"
    return f"resdet {able}: {', '.join(told) or 'nothing to remark'}"
