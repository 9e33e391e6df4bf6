"""All tables and figures, one after another, and the page that shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from backbones.files.outputs import write_text
from resdet.reproduction.page_html import Part, page_html
from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, reproduce

ALL = "all"


def refusal(request: Request) -> str | None:
    """What was said that not every target takes, as one line."""
    silent = Request(ALL, request.output, scale=request.scale)
    return None if request == silent else f"{ALL} takes only --output, --scale"


def reproduce_all(request: Request) -> tuple[list[Part], Path]:
    """Every target at the scale asked for, or as it is published where it has no such scale.

    A target that fails leaves its line, and the others go on; the path is that of the page.
    """
    parts = []
    for name, target in TARGETS.items():
        scale = request.scale if request.scale in target.scales else "full"
        parts.append(_part(replace(request, target=name, scale=scale)))
    page = request.folder / f"{ALL}.html"
    write_text(page, page_html(parts, request, page))
    return parts, page


def _part(request: Request) -> Part:
    try:
        sheet, files = reproduce(request)
    except BrokenPipeError:  # nobody reads what is printed
        raise
    except (ValueError, OSError) as error:
        return Part(request, fault=str(error))
    return Part(request, sheet, files)
