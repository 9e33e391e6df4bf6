"""Which image an annotation is of where their names differ, and what has lost its other half."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from backbones.files.plain_xml import parse_xml
from resdet.data.foreign_names import ends, folded, split_of
from resdet.data.voc.lists import bare


def by_file_name(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> dict[str, str]:
    """Stems of images without an annotation -> that of the one whose <filename> names them.

    The longest end of that name settles it which is of one image alone, or of one in the folder of
    the annotation; capitals and the suffix mean nothing: images are converted. An annotation that
    has an image of its own name is of that, and two that name one image are of none.
    """
    free = pictures.keys() - annotations.keys()
    if not free:
        return {}
    by_end: dict[str, set[str]] = defaultdict(set)
    for stem in pictures:
        for end in ends(folded(stem)):
            by_end[end].add(stem)
    wanted: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(annotations.keys() - pictures.keys()):
        name = file_name(annotations[stem])
        named = "" if name is None else folded(bare(name or stem))
        alike = next((found for end in ends(named) if (found := by_end.get(end))), set())
        split = split_of(named)
        alike = {one for one in alike if not split or split_of(one) in ("", split)}
        here = {one for one in alike if os.path.dirname(one) == os.path.dirname(stem)}
        one = next((found for found in (here, alike) if len(found) == 1), set())
        for picture in one & free:
            wanted[picture].append(stem)
    return {picture: stems[0] for picture, stems in wanted.items() if len(stems) == 1}


def file_name(path: str) -> str | None:
    """What <filename> says; None of XML that is no annotation, "" where it cannot be told."""
    try:
        root = parse_xml(Path(path).read_bytes())
    except (ValueError, OSError):
        return ""
    return (root.findtext("filename") or "").strip() if root.tag == "annotation" else None


def without_image(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> list[Path]:
    """The annotations that have none; XML of another kind is no annotation."""
    alone = sorted(annotations.keys() - pictures.keys())
    return [Path(annotations[stem]) for stem in alone if file_name(annotations[stem]) is not None]


def without_annotation(annotations: Mapping[str, str], pictures: Mapping[str, Path]) -> list[Path]:
    """The images that have none."""
    return [pictures[stem] for stem in sorted(pictures.keys() - annotations.keys())]
