"""What a check of data found: counted by kind, the gravest first, with examples."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from backbones.files.atomic import write_bytes
from backbones.terminal.printable import printable
from backbones.terminal.wording import count

Severity = Literal["error", "warning", "note"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_KEPT = 100  # examples of a kind in the JSON


@dataclass(frozen=True)
class Kind:
    """One sort of finding: `what` reads before its count, `cure` is what to do about it.

    An error stops training or makes what it measures wrong; a warning is worked around, or looked
    at by a human; a note is no fault.
    """

    name: str
    severity: Severity
    what: str
    cure: str = ""


@dataclass
class Report:
    """Everything found in one set of data; `form` is "VOC", "COCO", "image folder", ...

    `remarks` tell how it was read; `trained_on` counts the objects of each class in a split that
    take part in training, where not all do.
    """

    subject: str
    form: str
    depth: Literal["full", "quick"]
    seconds: float = 0.0
    images: dict[str, int] = field(default_factory=dict)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)
    trained_on: dict[str, dict[str, int]] = field(default_factory=dict)
    found: dict[Kind, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, kind: Kind, example: str) -> None:
        """One case of `kind`: the file, and what is wrong in it."""
        self.found.setdefault(kind, []).append(example)

    def count_classes(self, split: str, class_names: Iterable[str], objects: Iterable[str]) -> None:
        """How many objects, or images, each class has in a split; those without any count 0."""
        counts = Counter(objects)
        names = [*class_names, *sorted(counts.keys() - set(class_names))]
        self.classes[split] = {name: counts[name] for name in names}

    def total(self, severity: Severity) -> int:
        """How many cases of this severity."""
        return sum(len(cases) for kind, cases in self.found.items() if kind.severity == severity)

    def sorted_kinds(self) -> list[Kind]:
        """Errors, then warnings, then notes; the most frequent of each first."""
        return sorted(
            self.found, key=lambda k: (_SEVERITIES.index(k.severity), -len(self.found[k]), k.name)
        )

    def to_dict(self) -> dict[str, Any]:
        """As the JSON holds it; of each kind all cases are counted and the first hundred listed."""
        return {
            "data": self.subject,
            "form": self.form,
            "depth": self.depth,
            "seconds": round(self.seconds, 2),
            "images": self.images,
            "remarks": self.remarks,
            **{f"{severity}s": self.total(severity) for severity in _SEVERITIES},
            "findings": [
                {
                    "kind": kind.name,
                    "severity": kind.severity,
                    "count": len(self.found[kind]),
                    "what": kind.what,
                    "cure": kind.cure,
                    "examples": self.found[kind][:_KEPT],
                }
                for kind in self.sorted_kinds()
            ],
            "classes": self.classes,
            "trained_on": self.trained_on,
        }

    def lines(self, shown: int = 3) -> Iterator[str]:
        """As a terminal shows it, `shown` examples of each kind."""
        splits = ", ".join(f"{name} {images}" for name, images in self.images.items())
        yield printable(
            f"{self.subject}: {self.form}; images: {splits or 'none'}; {self.depth} check"
        )
        yield from map(printable, self.remarks)
        for kind in self.sorted_kinds():
            cases = self.found[kind]
            cure = f"; {kind.cure}" if kind.cure else ""
            yield printable(f"{kind.severity}: {kind.what}: {len(cases)}{cure}")
            for case in cases[:shown]:
                yield printable(f"    {case}")
            if len(cases) > shown > 0:
                yield f"    ... and {len(cases) - shown} more"
        yield from _class_lines(list(self._columns()))
        counts = ", ".join(count(self.total(severity), severity) for severity in _SEVERITIES)
        yield f"{counts}; {self.seconds:.1f} s"

    def _columns(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        """The counts of each split, and beside them of what is trained on."""
        for split, counts in self.classes.items():
            yield split, counts
            if split in self.trained_on:
                yield "trained on", self.trained_on[split]


def write_reports(path: Path, reports: list[Report]) -> None:
    """Everything as JSON: {"reports": [...]}, whole or not at all."""
    text = json.dumps({"reports": [report.to_dict() for report in reports]}, indent=1)
    write_bytes(path, text.encode())


def _class_lines(columns: Sequence[tuple[str, Mapping[str, int]]]) -> Iterator[str]:
    """A row for each class; of many the first forty."""
    names = list(dict.fromkeys(name for _, counts in columns for name in counts))
    if not names:
        return
    rows = [["class", *(head for head, _ in columns)]]
    rows += [[printable(n), *(str(c.get(n, 0)) for _, c in columns)] for n in names[:40]]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(["  " + row[0].ljust(widths[0]), *numbers])
    if len(names) > 40:
        yield f"  ... and {count(len(names) - 40, 'class', 'classes')} more"
