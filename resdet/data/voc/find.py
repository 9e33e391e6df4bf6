"""VOC-form data found in a folder."""

from __future__ import annotations

from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.found import Found, in_no_split
from resdet.data.source import Source
from resdet.data.splits import ALL, passed_over
from resdet.data.validate import apart, counted, left_out
from resdet.data.voc.classes import all_classes, year_of
from resdet.data.voc.corners import corners_of
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.pairing import without_image
from resdet.data.voc.reader import voc_metric
from resdet.data.voc.source import load
from resdet.structures.classes import VOC_CLASSES


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
    classes = all_classes(layout, {})
    counts: dict[str, int] = {}
    unlisted = set(paired)
    for split in layout.splits() or [ALL]:
        listing = layout.listing(split)
        chosen = layout.select(split, paired) if listing is None else layout.listed(listing)
        counts[split] = len(chosen or ())
        unlisted -= set(chosen or ())
    remarks = layout.left_out()
    remarks += left_out(layout.second_images(), "images of a name that another has")
    if unlisted:
        made = layout.lists[0] if layout.lists[0].is_dir() else None
        remarks.append(in_no_split(len(unlisted), made))
    if others := layout.no_lists():
        remarks.append(f"passed over: lists that name no image: {counted(others)}")
    remarks += passed_over([root, root / "ImageSets"], "outside ImageSets/Main")
    remarks += _told_of_year(root, classes)
    of_split = "*/" * any(layout.parts)
    annotations = _told(root, layout.annotations, f"{of_split}{layout.parts[0]}", "*.xml")
    images = _told(root, layout.images, f"{of_split}{layout.parts[1]}")
    beside = layout.images == layout.annotations and not of_split
    why = annotations if beside else f"{annotations}, {images}"
    sources = {split: Source("voc", Path(), split) for split in counts}
    return Found(
        root,
        "voc",
        load,
        why,
        classes,
        sources,
        counts,
        tuple(remarks),
        own_classes=False,
        corners=corners_of(layout, {}),
    )


def nearly(root: Path) -> str:
    """XML and images of which no names match."""
    files = without_image(voc_layout(root).annotated, {})
    return apart("XML", files, [root / name for name in files_below(root, SUFFIXES)])


def _told_of_year(root: Path, classes: tuple[str, ...]) -> list[str]:
    """What the name of a folder says of VOC's own data and is not so here."""
    if year_of(root) is None or classes == VOC_CLASSES:
        return []
    scored = "; scored as then, 11-point" if voc_metric(root) == "11point" else ""
    return [f"called {root.resolve().name}, yet of other classes: its own are taken{scored}"]


def _told(root: Path, folder: Path, *inner: str) -> str:
    return "/".join(part for part in (*folder.relative_to(root).parts, *inner) if part) or "."
