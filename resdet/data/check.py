"""The check of whatever data a folder is found to hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backbones.images.check_report import Report
from resdet.data.discover import discover
from resdet.data.found import Found
from resdet.data.registry import OWN_FORMATS, form_of


def found_to_check(root: Path) -> tuple[Found, bool]:
    """(the data in a folder, whether it is to be told what was found).

    Where folders settle the form, the data is taken as it is, however broken: a check tells that.
    Raises: ValueError as `discover`.
    """
    for kind in OWN_FORMATS:
        form = form_of(kind)
        if form.settles(root):
            return Found(root, kind, form.load, "its folders", (), {}, {}, own_classes=False), False
    return discover(root), True


def check_found(
    found: Found, splits: Sequence[str], fix: Path | None, *, difficult: bool = False, **common: Any
) -> Iterator[Report]:
    """What is found, then with `fix` what is found in the corrected copy.

    `difficult`: whether difficult objects take part in training.
    Raises: ValueError if a split is not there, or the copy cannot be made.
    """
    form = form_of(found.kind)
    if fix and form.fix is None:
        raise ValueError(
            f"--fix must be given a form that is written, got {found.form} in {found.root}; "
            "write one first: resdet convert DIR OUT --to coco"
        )
    yield form.check(found, splits, difficult=difficult, **common)
    if fix and form.fix is not None:
        fixed = form.fix(found, splits, fix, **common)
        yield form.check(fixed, splits, difficult=difficult, **common)
