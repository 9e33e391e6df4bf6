"""A sheet's table in HTML: the paper's numbers beside ours, long texts as notes below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import takewhile
from string import ascii_lowercase

from backbones.reproduction.sheet import PAPER, Sheet

_LONG = 32  # characters of a cell of words that is read below the table
_MANY = 14  # columns that paper has room for in small type alone


def table_html(sheet: Sheet) -> str:
    """The table and its notes."""
    noted = _noted(sheet)
    shown = [place for place in range(len(sheet.header)) if place not in noted]
    texts = ["; ".join(filter(None, (row[place] for place in noted))) for row in sheet.rows]
    notes = list(dict.fromkeys(filter(None, texts)))
    rows = [_row(sheet, row, shown, _mark(notes, text)) for row, text in zip(sheet.rows, texts)]
    label = escape(sheet.title, quote=True)
    width = "table wide" if len(shown) > _MANY else "table"
    return (
        f'<div class="{width}" role="region" tabindex="0" aria-label="{label}"><table>\n'
        f"<thead>{_head(sheet, shown)}</thead>\n<tbody>\n{''.join(rows)}</tbody>\n</table></div>\n"
        + _notes(notes)
    )


def _noted(sheet: Sheet) -> list[int]:
    """The columns of long texts: none of them names the row."""
    return [
        place
        for place, name in enumerate(sheet.header)
        if place and name in sheet.words and any(len(row[place]) > _LONG for row in sheet.rows)
    ]


def _mark(notes: Sequence[str], text: str) -> str:
    """a, b, ..: none where a single note is of all."""
    if not text or len(notes) == 1:
        return ""
    place, letters = notes.index(text), ascii_lowercase
    return f'<sup class="mark">{letters[place] if place < len(letters) else place + 1}</sup>'


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    items = (f"<li>{_mark(notes, text) or 'Ours: '}{escape(text)}</li>\n" for text in notes)
    return f'<ul class="notes">\n{"".join(items)}</ul>\n'


def _kind(sheet: Sheet, place: int) -> str:
    """The class of a column."""
    if sheet.header[place] in sheet.words:
        return "word"
    return "ours" if sheet.ours[place] else PAPER


def _head(sheet: Sheet, shown: Sequence[int]) -> str:
    """One line, or two where headings stand over a column of the paper and those beside it."""
    groups = _groups([sheet.header[place] for place in shown])
    span = ' rowspan="2"' if any(len(group) > 1 for _, group in groups) else ""
    upper, lower, places = "", "", iter(shown)
    for name, group in groups:
        kinds = [_kind(sheet, next(places)) for _ in group]
        if len(group) == 1:
            upper += f'<th class="{kinds[0]}"{span} scope="col">{_name(name)}</th>'
            continue
        upper += f'<th class="group" colspan="{len(group)}" scope="colgroup">{_name(name)}</th>'
        cells = zip(kinds, group)
        lower += "".join(f'<th class="{kind}" scope="col">{_name(own)}</th>' for kind, own in cells)
    return "".join(f"<tr>{cells}</tr>" for cells in (upper, lower) if cells)


def _groups(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """A: paper, A: ours, B -> (A, [paper, ours]), (B, [B]); A alone after A: paper is ours."""
    groups: list[tuple[str, list[str]]] = []
    for name in names:
        over, _, own = name.partition(": ")
        if own == PAPER:
            groups.append((over, [own]))
        elif groups and groups[-1][0] == over and groups[-1][1][0] == PAPER:
            groups[-1][1].append(own or "ours")
        else:
            groups.append((name, [name]))
    return [(f"{over}: {PAPER}", own) if own == [PAPER] else (over, own) for over, own in groups]


def _name(text: str) -> str:
    """10^6 as it is printed."""
    return re.sub(r"\^(\d+)", r"<sup>\1</sup>", escape(text))


def _row(sheet: Sheet, row: Sequence[str], shown: Sequence[int], mark: str) -> str:
    """The mark follows the last of the words that begin it."""
    words = sum(1 for _ in takewhile(lambda place: _kind(sheet, place) == "word", shown))
    cells = []
    for at, place in enumerate(shown):
        tag = 'th scope="row"' if at == 0 else "td"
        kind = PAPER if PAPER in row and place else _kind(sheet, place)
        text = escape(row[place]) + mark * (at == words - 1)
        cells.append(f'<{tag} class="{kind}">{text}</{tag[:2]}>')
    return f"<tr>{''.join(cells)}</tr>\n"
