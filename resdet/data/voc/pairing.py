"""Which image an annotation is of where their names differ, and what has lost its other half."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from backbones.images.folders import SUFFIXES
from resdet.data.voc.xml import parse_xml


def by_file_name(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> dict[str, str]:
    """Stems of images without an annotation -> that of the one whose <filename> names them.

    A name with folders is not followed, and a suffix means nothing: images are converted. The
    image must be in the same folder, or alone of its name, and be named by one annotation only,
    which has no image of its own name.
    """
    free: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for stem in pictures.keys() - annotations.keys():
        for folder in (os.path.dirname(stem), None):
            free[folder, pictures[stem].stem].add(stem)
    if not free:
        return {}
    wanted: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(annotations.keys() - pictures.keys()):
        name, suffix = os.path.splitext(file_name(annotations[stem]) or "")
        name += suffix * (suffix.lower() not in SUFFIXES)
        places = (free.get((folder, name), ()) for folder in (os.path.dirname(stem), None))
        one = next((found for found in places if len(found) == 1), ())
        for picture in one:
            wanted[picture].append(stem)
    return {picture: stems[0] for picture, stems in wanted.items() if len(stems) == 1}


def file_name(path: str) -> str | None:
    """What <filename> says; None of XML that is no annotation, "" where it cannot be told."""
    try:
        root = parse_xml(Path(path).read_bytes())
    except (ET.ParseError, ValueError, LookupError, OSError):
        return ""
    return (root.findtext("filename") or "").strip() if root.tag == "annotation" else None


def without_image(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> list[Path]:
    """The annotations that have none; XML of another kind is no annotation."""
    alone = sorted(annotations.keys() - pictures.keys())
    return [Path(annotations[stem]) for stem in alone if file_name(annotations[stem]) is not None]


def without_annotation(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> list[Path]:
    """The images that have none."""
    return [pictures[stem] for stem in sorted(pictures.keys() - annotations.keys())]
