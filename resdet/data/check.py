"""The check of whatever data a folder is found to hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backbones.images.check_report import Report
from resdet.data.coco.check import check_coco
from resdet.data.coco.fix import fix_coco
from resdet.data.found import Found
from resdet.data.voc.check import check_voc
from resdet.data.voc.fix import fix_voc
from resdet.data.yolo.check import check_yolo


def check_voc_folder(
    root: Path, splits: Sequence[str], fix: Path | None, **common: Any
) -> Iterator[Report]:
    """As `check_found`, of a folder that is VOC's however broken it is."""
    yield check_voc(root, splits, **common)
    if fix:
        fix_voc(root, fix, splits, **common)
        yield check_voc(fix, splits, **common)


def check_found(
    found: Found, splits: Sequence[str], fix: Path | None, **common: Any
) -> Iterator[Report]:
    """What is found, then with `fix` what is found in the corrected copy.

    Raises: ValueError if a split is not there, or the copy cannot be made.
    """
    absent = [split for split in splits if split not in found.splits]
    if absent and found.form != "VOC":
        raise ValueError(
            f"split of {found.root} must be one of {', '.join(found.splits)}, got {absent[0]!r}"
        )
    if found.form == "VOC":
        yield from check_voc_folder(found.root, splits, fix, **common)
    elif found.form == "COCO":
        names = [found.splits[split].split(":") for split in splits or found.splits]
        pairs = list(dict.fromkeys((found.root / n[1], found.root / n[2]) for n in names))
        yield check_coco(pairs, **common)
        if fix:
            yield check_coco(fix_coco(pairs, fix, **common), **common)
    else:
        if fix:
            raise ValueError(
                f"--fix must be given VOC or COCO, got YOLO in {found.root}; "
                "write one first: resdet convert DIR OUT --to voc"
            )
        yield check_yolo(found.root, splits, **common)
