"""A table or figure as it came out: terminal, files and page show the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.files.outputs import write_text

PAPER = "paper"


@dataclass(frozen=True)
class Sheet:
    """Rows of cells for people, records of a column each for programs, pictures.

    Columns named in `words` are set left, numbers right; those whose name has "paper" are the
    paper's, as are rows with that word in a cell. `measures` are the columns that measuring fills:
    of none, all of ours. `files` is what else was written.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    records: Sequence[Mapping[str, Any]]
    remarks: Sequence[str] = ()
    words: frozenset[str] = frozenset()
    pictures: Sequence[Path] = ()
    files: Sequence[Path] = ()
    measures: frozenset[str] = frozenset()

    @property
    def ours(self) -> list[bool]:
        """Of each column, whether our numbers stand in it."""
        return [name not in self.words and PAPER not in name for name in self.header]

    @property
    def measured(self) -> list[bool]:
        """Of each row that is not the paper's, whether something in it was measured."""
        columns = [
            place
            for place, (name, ours) in enumerate(zip(self.header, self.ours))
            if ours and (name in self.measures or not self.measures)
        ]
        return [any(row[place] for place in columns) for row in self.rows if PAPER not in row]

    def markdown(self) -> str:
        """The title, the remarks, the table."""
        told = [f"{text}\n\n" for text in (f"# {self.title}", *self.remarks)]
        return "".join(told) + self.table()

    def table(self) -> str:
        """The table alone."""
        rule = ["---" if name in self.words else "---:" for name in self.header]
        return "".join(f"| {' | '.join(cells)} |\n" for cells in (self.header, rule, *self.rows))

    def csv(self) -> str:
        """A line a record; empty where there is no number."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.records)
        return text.getvalue()

    def write(self, stem: Path) -> list[Path]:
        """<stem>.md and .csv; all files, the pictures and others that lay there before."""
        paths = [stem.with_name(f"{stem.name}.{kind}") for kind in ("md", "csv")]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, (self.markdown(), self.csv())):
            write_text(path, text)
        return [*paths, *self.pictures, *self.files]
