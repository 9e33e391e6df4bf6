"""Which tool wrote an annotation: the traces that each leaves in its XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from resdet.structures.corners import OFFSETS, VOC

DEVKIT, LABELIMG, SUPERVISION = "the devkit", "labelImg", "supervision"
REWRITTEN = "labelImg (saved by another)"  # its tags with other whitespace, or no path
_OFFICIAL = re.compile(r"PASCAL VOC\d{4}")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_TEMPLATE = ["folder", "filename", "path", "source", "size", "segmented"]
_WITHOUT_PATH = [tag for tag in _TEMPLATE if tag != "path"]
_OBJECT = ["name", "pose", "truncated", "difficult", "bndbox"]


@dataclass(frozen=True)
class Writer:
    """A tool: how it counts corners, and the traces that name it, in words.

    `bare`: it lists an image without objects, and writes no file for it.
    """

    way: str
    traces: str
    bare: bool = False


# docs/training.md has the versions that were tried
WRITERS = {
    DEVKIT: Writer(VOC, "annotation PASCAL VOC and a year"),
    "resdet": Writer(VOC, "single quotes, folder JPEGImages, no source"),
    SUPERVISION: Writer(VOC, "database roboflow.ai, folder VOC, no pose"),
    LABELIMG: Writer("0-continuous", "tabs, path"),
    REWRITTEN: Writer("0-continuous", "database Unknown, no 0"),
    "pascal-voc-writer": Writer("0-continuous", "four spaces, path, database Unknown"),
    "CVAT": Writer("0-continuous", "database, annotation and image Unknown, no depth", True),
    "datumaro": Writer("0-continuous", "database, annotation and image Unknown", True),
    "Label Studio": Writer("0-continuous", "owner Label Studio"),
    "fiftyone": Writer("0-continuous", "path, empty database and segmented"),
    "pylabel": Writer("0-continuous", "xmax before ymin, no source"),
    "labelme2voc": Writer("0-continuous", "database and image without a source"),
    "globox": Writer("0-continuous", "one line, no folder, source or depth"),
    **{way: Writer(way, "written at their head") for way in OFFSETS},
}


def writer_of(content: bytes, root: ET.Element) -> str:
    """A name in WRITERS, of a file that says itself how it counts the way; "" of another's."""
    if root.get("corners") in OFFSETS:
        return root.get("corners", "")
    texts = {tag: (root.findtext(f"source/{tag}") or "").strip() for tag in ("database", "image")}
    annotation = (root.findtext("source/annotation") or "").strip()
    things = root.findall("object")
    heads = [child.tag for child in root if child.tag != "object"]
    if (root.findtext("owner/name") or "").strip() == "Label Studio":
        return "Label Studio"
    if _OFFICIAL.fullmatch(annotation):
        return DEVKIT
    if {annotation, *texts.values()} == {"Unknown"}:
        return "datumaro" if (root.findtext("size/depth") or "").strip() else "CVAT"
    if texts["database"] == "roboflow.ai" and not _has(things, "pose"):
        return SUPERVISION if root.findtext("folder") == "VOC" else ""
    if "database" in heads and "image" in heads:
        return "labelme2voc"
    if heads in (_TEMPLATE, _WITHOUT_PATH):
        return _of_template(content, root, things)
    if heads == ["filename", "size"] and b"\n" not in content.strip():
        return "globox" if root.find("size/depth") is None else ""
    own = heads == ["folder", "filename", "size", "segmented"]
    if own and content.startswith(b"<?xml version='") and root.findtext("folder") == "JPEGImages":
        return "resdet"
    if "source" not in heads and content.startswith(b'<?xml version="1.0" ?>'):
        return "pylabel" if things and all(map(_by_pylabel, things)) else ""
    return ""


def touches(corners: Sequence[float], size: tuple[int, int] | None) -> bool:
    """What labelImg calls truncated: a near corner at 1, or a far one at the size."""
    height, width = size or (-1, -1)
    return 1 in corners[:2] or corners[2] == width or corners[3] == height


def _of_template(content: bytes, root: ET.Element, things: Sequence[ET.Element]) -> str:
    """Of labelImg's tags, which others have too, some empty or with other whitespace."""
    database, path = (root.findtext("source/database") or "").strip(), root.find("path") is not None
    if not (database or (root.findtext("segmented") or "").strip() or _has(things, "pose")):
        return "fiftyone" if path else ""
    if database != "Unknown" or any([child.tag for child in thing] != _OBJECT for thing in things):
        return ""
    own = path and (b"\n\t<" in content or root.get("verified") is not None)
    if path and not own and b"\n    <filename>" in content:
        return "pascal-voc-writer"
    written = [thing.findtext(f"bndbox/{tag}") or "" for thing in things for tag in _CORNERS]
    if not all(text.isdigit() and int(text) for text in written):
        return ""
    return LABELIMG if own else REWRITTEN


def _by_pylabel(thing: ET.Element) -> bool:
    return [corner.tag for corner in thing.find("bndbox") or ()] == ["xmin", "xmax", "ymin", "ymax"]


def _has(things: Sequence[ET.Element], tag: str) -> bool:
    return any(thing.find(tag) is not None for thing in things)
