"""The classes of VOC data: those of a file, VOC's twenty, or all that its annotations name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from resdet.data.validate import Faults, text_lines
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.layout import VocLayout
from resdet.data.voc.xml import Annotation
from resdet.structures.classes import VOC_CLASSES

_FILES = ("classes.txt", "labelmap.txt", "class_names.txt")
_NO_CLASSES = ("background", "_background_", "__ignore__")
_SAMPLE = 1000  # annotations of a split, or spread over a folder: VOC's own show all twenty


def all_classes(layout: VocLayout, parsed: Mapping[str, Annotation]) -> tuple[str, ...]:
    """As `known_classes`, or else the sorted names in all annotations; `parsed` are not read again.

    Raises: ValueError if a file of classes is not UTF-8.
    """
    known = known_classes(layout, parsed)
    if known:
        return known
    others = sorted(layout.written() - parsed.keys())
    return tuple(sorted(_names(parsed) | _named_in(layout, others)))


def known_classes(layout: VocLayout, parsed: Mapping[str, Annotation]) -> tuple[str, ...]:
    """Of a file (classes.txt, CVAT's labelmap.txt, labelme's class_names.txt), ImageNet's, or VOC's
    twenty.

    VOC's are in a folder called VOC<year> that names no other class; once all twenty are seen, no
    further annotation is read. None where they are neither.

    Raises: ValueError if the file is not UTF-8.
    """
    listed = _listed(layout.root) or (layout.tree.class_names() if layout.tree else ())
    if listed or year_of(layout.root) is None:
        return listed
    return VOC_CLASSES if _seen(layout, parsed) <= {*VOC_CLASSES} else ()


def taken_as_vocs(layout: VocLayout, classes: tuple[str, ...]) -> tuple[str, ...]:
    """A remark where VOC's twenty are taken for the name of a folder that shows but some."""
    if classes != VOC_CLASSES or year_of(layout.root) is None or _listed(layout.root):
        return ()
    names = sorted(_seen(layout, {}))
    if len(names) in (0, len(VOC_CLASSES)):
        return ()
    return (
        f"VOC's 20, for the folder is called {layout.root.resolve().name} and all its names are "
        f"among them; --classes {','.join(names)} trains these alone",
    )


def year_of(root: Path) -> int | None:
    """Of a folder called VOC<year>."""
    match = re.fullmatch(r"VOC(\d{4})", root.resolve().name, re.IGNORECASE)
    return int(match[1]) if match else None


def _listed(root: Path) -> tuple[str, ...]:
    classes, colours, labelmes = (root / name for name in _FILES)
    if classes.is_file() and (own := text_lines(classes)):
        return tuple(own)
    found = _of_colours(colours) if colours.is_file() else []
    found = found or (text_lines(labelmes) if labelmes.is_file() else [])
    return tuple(name for name in found if name not in _NO_CLASSES)


def _of_colours(file: Path) -> list[str]:
    lines = [line for line in text_lines(file) if not line.startswith("#")]
    if not all(line.count(":") >= 3 for line in lines):  # name:color_rgb:parts:actions
        return []
    return [name for line in lines if (name := line.rsplit(":", 3)[0].strip())]


def _seen(layout: VocLayout, parsed: Mapping[str, Annotation]) -> set[str]:
    """The names in annotations: in all, unless a part shows all twenty or another."""
    others = sorted(layout.written() - parsed.keys())
    sample = others[:: len(others) // _SAMPLE + 1] if len(parsed) < _SAMPLE else []
    names = _names(parsed) | _named_in(layout, sample)
    if names < {*VOC_CLASSES}:
        names |= _named_in(layout, sorted({*others} - {*sample}))
    return names


def _named_in(layout: VocLayout, stems: Sequence[str]) -> set[str]:
    """By annotations that nobody asked for, whose faults are not told."""
    return _names(read_annotations(layout, stems, Faults("")))


def _names(annotations: Mapping[str, Annotation]) -> set[str]:
    return {name for one in annotations.values() for name in one.names if name}
