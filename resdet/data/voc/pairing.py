"""Which image an annotation is of where their names differ, and what has lost its other half."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from resdet.data.voc.xml import parse_xml


def by_file_name(
    annotations: Mapping[str, Path], pictures: Mapping[str, Path]
) -> dict[str, tuple[str, Path]]:
    """Of stems without an image: the stem and path of the one that their <filename> names.

    A name with folders is not followed. The image must be in the same folder, or alone of its
    name, have no annotation of its own name, and be named by one only.
    """
    free: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for stem in pictures.keys() - annotations.keys():
        path = pictures[stem]
        for folder in (os.path.dirname(stem), None):
            for name in (path.name, path.stem):
                free[folder, name].add(stem)
    if not free:
        return {}
    wanted: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(annotations.keys() - pictures.keys()):
        name = file_name(annotations[stem]) or ""
        places = (free.get((folder, name), ()) for folder in (os.path.dirname(stem), None))
        one = next((found for found in places if len(found) == 1), ())
        for picture in one:
            wanted[picture].append(stem)
    return {stems[0]: (p, pictures[p]) for p, stems in wanted.items() if len(stems) == 1}


def file_name(path: Path) -> str | None:
    """What <filename> says; None of XML that is no annotation, "" where it cannot be told."""
    try:
        root = parse_xml(path.read_bytes())
    except (ET.ParseError, ValueError, LookupError, OSError):
        return ""
    return (root.findtext("filename") or "").strip() if root.tag == "annotation" else None


def without_image(annotations: Mapping[str, Path], pictures: Mapping[str, Path]) -> list[Path]:
    """The annotations that have none; XML of another kind is no annotation."""
    alone = sorted(annotations.keys() - pictures.keys())
    return [annotations[stem] for stem in alone if file_name(annotations[stem]) is not None]


def without_annotation(annotations: Mapping[str, Path], pictures: Mapping[str, Path]) -> list[Path]:
    """The images that have none."""
    return [pictures[stem] for stem in sorted(pictures.keys() - annotations.keys())]
