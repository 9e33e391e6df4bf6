"""VOC-form data found in a folder."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.found import Found, in_no_split, of_folders
from resdet.data.source import Source
from resdet.data.splits import ALL, MADE, not_used, own_lists, subfolders
from resdet.data.validate import OF_ONE_NAME, Ways, apart, counted, left_out
from resdet.data.voc.background import is_labelled, told_of, without_objects
from resdet.data.voc.classes import all_classes, taken_as_vocs, year_of
from resdet.data.voc.corners import corners_of
from resdet.data.voc.halves import HALVES, TOLD, made_half
from resdet.data.voc.imagenet import DET, tree_of
from resdet.data.voc.layout import VocLayout, has_annotations, voc_layout
from resdet.data.voc.pairing import file_name, without_image
from resdet.data.voc.source import load
from resdet.structures.classes import VOC_CLASSES

_MOVE = f"move them to ImageSets/Main/, and delete {MADE} if it is there"


def settles(root: Path) -> bool:
    """True of the devkit's own layout, and of ImageNet's."""
    return (root / "ImageSets" / "Main").is_dir() or tree_of(root) is not None


def find(root: Path) -> Found | None:
    """The annotations in `root`, wherever VOC or a tool has them, and the images of their names."""
    layout = voc_layout(root)
    return _found(layout, layout.pictures().keys())


def annotations_alone(root: Path) -> Found | None:
    """The annotations in `root` or a folder in it: enough to score, where no image is there.

    Those in a folder deeper are of data that lies deeper, as VOC2007 does in VOCdevkit.
    """
    if not any(map(has_annotations, (root, *subfolders(root)))):
        return None
    layout = voc_layout(root)
    found = _found(layout, layout.written())
    why = f"{_told(root, layout.annotations, '*.xml')}, without images"
    return found and replace(found, why=why, lost=())


def _found(layout: VocLayout, stems: Set[str]) -> Found | None:
    """What is annotated of the images called `stems`."""
    root, written = layout.root, layout.written()
    paired = written & stems
    if layout.tree and not written:
        raise ValueError(
            f"{layout.annotations} must hold an annotation of each image in {layout.images}, got "
            "none; unpack them there"
        )
    if not paired:
        return None
    classes = all_classes(layout, {})
    counts: dict[str, int] = {}
    empty: list[str] = []
    unlabelled: list[str] = []
    unlisted = set(paired)
    for split in layout.splits() or [ALL]:
        chosen = _chosen(layout, split, paired)
        counts[split] = len(chosen)
        named = [stem for stem in chosen if stem is not None and stem in stems]
        unlisted -= {*named}
        if is_labelled(split, named, written):
            empty += without_objects(layout, named, {})
        else:
            unlabelled.append(split)
    for half in HALVES:
        if own := made_half(layout, half):
            counts[half] = len(own)
    remarks = left_out(layout.second_images(), OF_ONE_NAME)
    if layout.tree and layout.tree.task == DET and layout.listing(HALVES[0]) is None:
        remarks.append(f"{TOLD}{layout.tree.lists}")
    if unlisted:
        made = layout.lists[0] if layout.lists[0].is_dir() else None
        remarks.append(in_no_split(len(unlisted), made))
    if others := layout.no_lists():
        remarks.append(f"passed over: lists that name no image: {counted(others)}")
    used = list(layout.beside.values())
    if used:
        remarks.append(f"splits by your {', '.join(str(file.relative_to(root)) for file in used)}")
    lists = own_lists(*dict.fromkeys((root, root / "ImageSets", layout.images)))
    remarks += not_used([file for file in lists if file not in used], _MOVE)
    remarks += _told_of_year(root, classes)
    sources = {split: Source("voc", Path(), split) for split in counts}
    return Found(
        root,
        "voc",
        load,
        _where(layout) + ("" if layout.tree else of_folders(paired)),
        classes,
        sources,
        counts,
        tuple(remarks),
        own_classes=False,
        corners=corners_of(layout, {}),
        lost=(*layout.left_out(), *told_of(layout, empty)),
        of_classes=taken_as_vocs(layout, classes),
        unlabelled=tuple(unlabelled),
    )


def _chosen(layout: VocLayout, split: str, stems: Set[str]) -> Sequence[str | None]:
    """The lines of a split's list, each once, or else those of `stems` in its folder."""
    listing = layout.listing(split)
    if listing is None:
        return layout.select(split, stems) or []
    return list(dict.fromkeys(line.stem for line in layout.lines(listing)))


def nearly(root: Path) -> str:
    """XML and images of which no names match."""
    files = without_image(voc_layout(root).annotated, {})
    images = [root / name for name in files_below(root, SUFFIXES)]
    said = next(
        (f" ({file.name} says {name})" for file in files if (name := file_name(str(file)))), ""
    )
    names = f"give both the same names, or write the image's into <filename>{said}"
    ways = Ways(names, "put them into one folder, or into two that lie beside each other")
    return apart("XML", files, images, root, ways)


def _told_of_year(root: Path, classes: tuple[str, ...]) -> list[str]:
    """What the name of a folder says of VOC's own data and is not so here."""
    if year_of(root) is None or classes == VOC_CLASSES:
        return []
    return [f"called {root.resolve().name}, yet of other classes: its own are taken"]


def _where(layout: VocLayout) -> str:
    """The folders of annotations and images."""
    if layout.tree:
        return f"Annotations/{layout.tree.task} and Data/{layout.tree.task}, as ImageNet has them"
    of_split = "*/" * any(layout.parts)
    annotations = _told(layout.root, layout.annotations, f"{of_split}{layout.parts[0]}", "*.xml")
    images = _told(layout.root, layout.images, f"{of_split}{layout.parts[1]}")
    beside = layout.images == layout.annotations and not of_split
    return annotations if beside else f"{annotations}, {images}"


def _told(root: Path, folder: Path, *inner: str) -> str:
    return "/".join(part for part in (*folder.relative_to(root).parts, *inner) if part) or "."
