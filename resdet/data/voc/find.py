"""VOC-form data found in a folder."""

from __future__ import annotations

from pathlib import Path

from resdet.data.found import Found, in_no_split
from resdet.data.source import Source
from resdet.data.splits import (
    ALL,
)
from resdet.data.validate import Faults, text_lines
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.reader import known_classes
from resdet.data.voc.source import load


def settles(root: Path) -> bool:
    """True of the devkit's own layout."""
    return (root / "ImageSets" / "Main").is_dir()


def find(root: Path) -> Found | None:
    """The annotations in `root`, wherever VOC or a tool has them, and the images of their names."""
    layout = voc_layout(root)
    written, stems = layout.written(), layout.pictures().keys()
    paired = written & stems
    if not paired:
        return None
    faults = Faults(f"VOC data {root}")
    classes = known_classes(root)
    if not classes:
        parsed = read_annotations(layout, sorted(written), faults)
        classes = tuple(sorted({name for one in parsed.values() for name in one.names}))
    counts: dict[str, int] = {}
    apart, unlisted = stems - written, set(paired)
    for split in layout.splits() or [ALL]:
        listing = layout.listing(split)
        chosen = layout.select(split, paired) if listing is None else text_lines(listing)
        counts[split] = len(chosen or ())
        unlisted -= set(chosen or ())
    remarks = (
        [f"left out: {len(apart)} images without annotation"] if ALL in counts and apart else []
    )
    if unlisted:
        made = layout.lists[0] if layout.lists[0].is_dir() else None
        remarks.append(in_no_split(len(unlisted), made))
    of_split = "*/" * any(layout.parts)
    annotations = _told(root, layout.annotations, f"{of_split}{layout.parts[0]}", "*.xml")
    images = _told(root, layout.images, f"{of_split}{layout.parts[1]}")
    beside = layout.images == layout.annotations and not of_split
    why = annotations if beside else f"{annotations}, {images}"
    sources = {split: Source("voc", Path(), split) for split in counts}
    return Found(
        root, "voc", load, why, classes, sources, counts, tuple(remarks), own_classes=False
    )


def _told(root: Path, folder: Path, *inner: str) -> str:
    return "/".join(part for part in (*folder.relative_to(root).parts, *inner) if part) or "."
