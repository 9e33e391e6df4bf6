"""Every target on one page of HTML: no script, pictures inside, to read, to print, to send."""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from backbones.machine.environment import environment
from backbones.reproduction.sheet import Sheet
from backbones.terminal.wording import count
from resdet.reproduction.page_table import table_html
from resdet.reproduction.request import OUTPUT, Request
from resdet.reproduction.targets import TARGETS, measuring

STYLE = resources.files("resdet.reproduction") / "page_style.css"
_TITLE = "Deep Residual Learning, table by table"
_ABOUT = (
    "Every table and figure of He et al., <cite>Deep Residual Learning for Image Recognition</cite>"
    " (CVPR 2016): the paper’s numbers in grey, ours beside them. A cell that nobody has "
    "measured is empty."
)
_KINDS: Mapping[str, str] = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Part:
    """A target as it came out: its sheet and what was written, or the fault in a line."""

    request: Request
    sheet: Sheet | None = None
    files: Sequence[Path] = ()
    fault: str = ""

    @property
    def name(self) -> str:
        """Table 7, Fig. 1."""
        target = self.request.target
        kind = target.rstrip("0123456789")
        return f"{'Fig.' if kind == 'fig' else kind.capitalize()} {target[len(kind) :]}"

    @property
    def caption(self) -> str:
        """What it shows, without its name and the scale."""
        if self.sheet is None:
            return ""
        text = self.sheet.title.partition(": ")[2].partition(" [")[0]
        return text[:1].upper() + text[1:]

    @property
    def measured(self) -> str:
        """Rows that were measured, of all."""
        if self.sheet is None:
            return "fault"
        rows = self.sheet.measured
        return f"{sum(rows)}/{len(rows)}" if any(self.sheet.ours) else ""


def page_html(parts: Sequence[Part], request: Request, page: Path) -> str:
    """The page, which is to lie at `page`: its links to files are relative.

    Raises: OSError for a picture that cannot be read.
    """
    sections = "".join(_section(part, page.parent) for part in parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_TITLE}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f'<body>\n<div class="wrap">\n{_header(request)}{_contents(parts)}'
        f"<main>\n{sections}</main>\n</div>\n</body>\n</html>\n"
    )


def _header(request: Request) -> str:
    lines = [f"<h1>{_TITLE}</h1>", f"<p>{_ABOUT}</p>"]
    if request.scale != "full":
        made = environment()
        versions = (f"{name} {made['packages'].get(name, '')}" for name in ("resdet", "torch"))
        machine = f"{made['cpu']}, {count(made['cores'], 'core')}"
        told = f"Scale {request.scale}. {machine}; {', '.join(versions)}."
        lines.append(f'<p class="about">{escape(told)}</p>')
    return "<header>\n" + "\n".join(lines) + "\n</header>\n"


def _contents(parts: Sequence[Part]) -> str:
    items = []
    for part, before in zip(parts, [None, *parts]):
        new = before is not None and before.name.split()[0] != part.name.split()[0]
        fault = " fault" if part.fault else ""
        items.append(
            f"<li{' class=first-figure' if new else ''}>"
            f'<a href="#{part.request.target}"><span>{part.name}</span>'
            f'<span class="count{fault}">{part.measured}</span></a></li>\n'
        )
    head = "<p><span>Contents</span><span>rows measured</span></p>"
    return f'<nav aria-label="Contents">{head}<ol>\n{"".join(items)}</ol></nav>\n'


def _section(part: Part, folder: Path) -> str:
    sheet = part.sheet
    scale = "" if part.request.scale == "full" else part.request.scale
    badge = f' <span class="scale">{scale}</span>' if scale else ""
    body = [
        f'<section id="{part.request.target}">\n<h2><span class="number">{part.name}</span> '
        f"{escape(part.caption)}{badge}</h2>\n"
    ]
    if sheet is None:
        body.append(f'<p class="fault">{escape(part.fault)}</p>\n')
    else:
        body += [f'<p class="remark">{escape(text)}</p>\n' for text in sheet.remarks]
        body.append(table_html(sheet))
        body += [_figure(picture, sheet, folder) for picture in sheet.pictures]
    return "".join([*body, _made(part, folder), "</section>\n"])


def _figure(picture: Path, sheet: Sheet, folder: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode()
    source = f"data:{_KINDS[picture.suffix]};base64,{data}"
    alt = escape(f"{sheet.title}: {picture.stem}", quote=True)
    image = f'<img src="{source}" alt="{alt}">'
    return f'<figure><a href="{_link(picture, folder)}">{image}</a></figure>\n'


def _made(part: Part, folder: Path) -> str:
    target = part.request.target
    lines = {"Command": _code(command(part.request))}
    if data := TARGETS[target].data:
        lines["As the paper"] = f"{_code(measuring(target))} with {escape(data)}"
    if part.files:
        lines["Files"] = " ".join(_file(path, folder) for path in part.files)
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in lines.items())
    return f'<dl class="made">\n{told}</dl>\n'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def command(request: Request) -> str:
    """As it is typed."""
    words = ["resdet", "reproduce", request.target]
    words += [] if request.scale == "full" else ["--scale", request.scale]
    words += [] if request.output == OUTPUT else ["--output", str(request.output)]
    return shlex.join(words)


def _file(path: Path, folder: Path) -> str:
    return f'<a href="{_link(path, folder)}">{escape(os.path.relpath(path, folder))}</a>'


def _link(path: Path, folder: Path) -> str:
    return quote(os.path.relpath(path, folder))
