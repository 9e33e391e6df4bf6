"""Write docs/annotation_tools.md from what `python -m tools.round_trip` measured.

examples:
  python -m tools.docs.annotation_tools
  python -m tools.docs.annotation_tools --check
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from resdet.data.programs import PROGRAMS, Words
from resdet.structures.corners import VOC
from tools.docs.pages import arguments, keep

DOCS = Path(__file__).resolve().parents[2] / "docs"
MEASURED, PAGE = DOCS / "annotation_tools.json", DOCS / "annotation_tools.md"
_FORMS = {"voc": "VOC", "coco": "COCO", "yolo": "YOLO"}
_HEAD = """# Annotation tools

What they write and read of VOC, COCO and YOLO, with resdet between them: five pictures of 640x480,
the box `a` x 100..200, y 50..150; `b` the whole picture; `c` (100.25, 50.5, 199.75, 151.25); `d e`
in a corner; `empty` without an object; the classes `white cell`, `cell` and `never`, of which there
is no object. All numbers are those of `annotation_tools.json`, which `python -m tools.round_trip`
measured: it installs each tool in an environment of its own. `make round-trip` does it again and
fails where a value changed.
"""
_FOR = """## What is written for whom

`resdet convert DIR OUT --to FORM --for PROGRAM`; where a program reads one form, `--to` may be left
out. Without `--for`, most can read it: VOC's corners as the devkit has them, `labelmap.txt`, and a
`data.yaml` that names train and val. What a program does not know, such as difficult objects, is
told as lost.

CVAT's row goes by the source of its fork of datumaro (8970bb7b), the devkit's by its
`VOCxml2struct.m`, which knows neither a declaration nor attributes, detectron2's by its source:
these were read, the others were run.
"""
_READ = """## Read by resdet

The largest distance of a corner from the truth, in pixels, what the tool itself cut off included;
the classes where they are others, or in another order.
"""
_PAIRS = """## From tool to tool

A row wrote, resdet read it and wrote it with `--for` the column, which read that: the largest
distance of a corner from the truth, in pixels. Where a cell has more than the column `resdet`, it
is the reader's doing: labelImg and pylabel have whole pixels, and pylabel no VOC image without
object; where it has less, it rounds, as datumaro to hundredths.
"""
_MARKS = """## Objects that need not be found

What a program makes of a difficult object and of a crowd in what is written for it. In COCO's form
a difficult object has an `area` of -1 and the attribute `difficult`: COCO's rules ignore it at the
usual overlap, where they do not hear `ignore`, which detectron2 refuses, and where a crowd overlaps
otherwise.
"""


def main(argv: Sequence[str]) -> int:
    args = arguments(__doc__).parse_args(argv)
    fresh = page(json.loads(MEASURED.read_text(encoding="utf-8")))
    return keep(PAGE, fresh, check=args.check)


def page(found: Mapping[str, Any]) -> str:
    """The whole of it."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    parts = [_HEAD, f"Versions: {versions}.\n", _FOR, _table(_programs())]
    parts += ["## What each tool writes\n", *_written(found["written"])]
    parts += [_READ, _table(_by_us(found["read"])), _PAIRS, *_pairs(found), _MARKS]
    marks = ([way, *mark.split(", ")] for way, mark in found["marks"].items())
    parts.append(_table([["", "difficult", "crowd"], *map(_mark, marks)]))
    return "\n".join(parts)


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *lines = rows
    shown = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |\n" for row in shown)


def _programs() -> list[list[str]]:
    rows = [["`--for`", *_FORMS.values()]]
    for name, forms in sorted(PROGRAMS.items()):
        cells = [told(form, forms[form]) if form in forms else "" for form in _FORMS]
        rows.append([f"`{name}`", *cells])
    return rows


def told(form: str, words: Words) -> str:
    """How a form is written for a program, in words."""
    own = {
        "voc": [
            words.corners if words.corners != VOC else "devkit's corners",
            "whole pixels" if words.whole else "",
            "labelmap.txt must be there" if words.labelmap else "",
            "no XML declaration" if words.plain else "",
            f"images are {words.suffix}" if words.suffix else "",
        ],
        "coco": ["categories from 1" if words.numbered else "ids as they are"],
        "yolo": [
            "images/, labels/, data.yaml",
            "" if words.counted else "without nc",
            "" if words.val else "only its own splits",
            "classes.txt beside labels" if words.listed else "",
        ],
    }[form]
    return ", ".join([*filter(None, own), *([] if words.blanks else ["no blanks in names"])])


def _written(written: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A table for each form."""
    parts = []
    for form, name in _FORMS.items():
        own = {way.rsplit(" ", 1)[0]: facts for way, facts in written.items() if way.endswith(form)}
        columns = list(next(iter(own.values())))
        rows = [[tool, *(facts[column] for column in columns)] for tool, facts in own.items()]
        parts.append(_table([[name, *columns], *rows]))
    return parts


def _by_us(read: Mapping[str, Any]) -> list[list[str]]:
    rows = [["written by", "distance, px", "corners", "classes"]]
    for way, seen in read.items():
        rows.append([way, cell(seen), seen.get("corners", ""), ", ".join(seen.get("classes", ()))])
    return rows


def _pairs(found: Mapping[str, Any]) -> list[str]:
    """A table for each form of the reader."""
    parts = []
    readers = sorted({to for cells in found["pairs"].values() for to in cells})
    for form, name in _FORMS.items():
        own = [to for to in readers if to.endswith(form)]
        rows = [[f"{name} read by", "resdet", *(to.rsplit(" ", 1)[0] for to in own)]]
        for source, cells in found["pairs"].items():
            rows.append([source, cell(found["read"][source]), *(cell(cells[to]) for to in own)])
        parts.append(_table(rows))
    return parts


def cell(seen: Mapping[str, Any]) -> str:
    """A distance, and what else is wrong."""
    if "refused" in seen:
        return "refused"
    words = [f"{seen['error']:.2g}"]
    for key, what in (
        ("images_lost", "{} image lost"),
        ("objects_lost", "{} object lost"),
        ("objects_more", "{} object too many"),
        ("classes_wrong", "{} classes wrong"),
    ):
        words += [what.format(seen[key])] if key in seen else []
    return ", ".join(words)


def _mark(row: Sequence[str]) -> list[str]:
    return [row[0], *(word.partition(" ")[2] for word in row[1:])]


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
