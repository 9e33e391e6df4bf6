"""One annotation file of VOC's form, official or homemade, without trust in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from backbones.files.plain_xml import parse_xml
from resdet.data.turned import ATTRIBUTE, angle_of
from resdet.data.validate import Faults, is_pixels, number_of
from resdet.data.voc.writers import LABELIMG, REWRITTEN, touches, writer_of

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class Annotation:
    """One XML file, its corners as written; `size` is (height, width), None where unknown.

    `writer` is the tool whose traces it bears, or ""; `flagged` the objects of which labelImg's
    `truncated` is what it says of such corners, `cut` those of which it says that they are;
    `angles` the degrees by which each is turned.
    """

    names: list[str]
    corners: list[list[float]]
    difficult: list[bool]
    size: tuple[int, int] | None
    writer: str = ""
    flagged: int = 0
    angles: list[float] = field(default_factory=list)
    cut: int = 0


def read_annotation(path: str | Path, faults: Faults) -> Annotation | None:
    """The objects of one file; None where there is none or it is no XML, its fault told.

    Tags but `bndbox` may be missing: no `difficult` is not difficult, no `size` is unknown.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
        root = parse_xml(content)
    except FileNotFoundError:
        faults.add(
            f"{path} must be the annotation of a listed image, got no file; add it, or where the "
            "image shows no object let resdet check-data --fix write one"
        )
        return None
    except (ValueError, OSError) as error:
        faults.add(f"{path} must be plain XML, got {error}; repair the file")
        return None
    annotation = Annotation([], [], [], _size(root, path, faults), writer_of(content, root))
    for number, thing in enumerate(root.findall("object"), start=1):
        written = _corners(thing)
        corners = [number_of(text) for text in written]
        if not all(map(is_pixels, corners)):
            faults.add(
                f"{path}, object {number}: bndbox must be four numbers xmin ymin xmax ymax, "
                f"got {written}; repair or remove it"
            )
            continue
        annotation.names.append((thing.findtext("name") or "").strip())
        annotation.corners.append(corners)
        annotation.difficult.append(_flag(thing.findtext("difficult")))
        turn = rotation(thing)
        annotation.angles.append(angle_of(turn.text) if turn is not None else 0.0)
        if annotation.writer in (LABELIMG, REWRITTEN):
            cut, touching = _flag(thing.findtext("truncated")), touches(corners, annotation.size)
            annotation.flagged += cut == touching
            annotation.cut += cut and touching
    return annotation


def rotation(thing: ET.Element) -> ET.Element | None:
    """The value of the attribute that turns an object, where it has one."""
    for attribute in thing.iterfind("attributes/attribute"):
        if attribute.findtext("name") == ATTRIBUTE:
            return attribute.find("value")
    return None


def _corners(thing: ET.Element) -> list[str | None]:
    box = thing.find("bndbox")
    return [None if box is None else box.findtext(corner) for corner in _CORNERS]


def _flag(text: str | None) -> bool:
    return (text or "").strip().lower() in {"1", "true", "yes"}


def _size(root: ET.Element, path: str | Path, faults: Faults) -> tuple[int, int] | None:
    """(height, width) of <size>; None where it is missing or zero, as some tools write it."""
    size = root.find("size")
    if size is None:
        return None
    height, width = number_of(size.findtext("height")), number_of(size.findtext("width"))
    if not (height >= 1 and width >= 1):
        return None
    if not (is_pixels(height) and is_pixels(width)):
        faults.add(f"{path}: size must be in pixels, got {width} x {height}; repair or remove it")
        return None
    return int(height), int(width)
