"""A split of VOC's form: named, loaded, listed, with what its files tell besides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from backbones.files.plain_xml import parse_xml
from resdet.data.source import Source, of_folder
from resdet.data.turned import ATTRIBUTE, angle_of
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.reader import load_voc
from resdet.data.voc.xml import rotation
from resdet.data.writing import CROWD, Details
from resdet.structures.records import Dataset, ImageRecord

_FLAGS = ("truncated", "occluded", CROWD)
_KNOWN = {*_FLAGS, "name", "pose", "difficult", "bndbox"}

parse = partial(of_folder, "voc")


def is_there(source: Source) -> bool:
    """Whether its folder is."""
    return source.place.is_dir()


def load(
    source: Source, *, class_names: Sequence[str] = (), name: str = "", images: bool = True
) -> Dataset:
    """See `load_voc`; the default name is that of the folder and the split."""
    split = source.own_split
    return load_voc(
        source.place,
        split,
        class_names=class_names,
        name=name or f"{source.place.resolve().name}_{split}",
        images=images,
        listing=source.listing,
        corners=source.corners,
    )


def list_name(source: Source, record: ImageRecord) -> str:
    """The stem."""
    return str(record.image_id)


def details(source: Source, data: Dataset) -> dict[Path, list[Details]]:
    """Flags, poses and further tags of each object."""
    layout = voc_layout(source.place)
    return {r.path: _of_xml(Path(layout.xml(str(r.image_id)))) for r in data.records}


def _of_xml(file: Path) -> list[Details]:
    if not file.is_file():
        return []
    found = []
    for thing in parse_xml(file.read_bytes()).findall("object"):
        texts = {flag: (thing.findtext(flag) or "").strip() for flag in _FLAGS}
        flags = {flag: 1 for flag, text in texts.items() if text in ("1", "true")}
        pose = (thing.findtext("pose") or "").strip()
        known: dict[str, Any] = {"pose": pose} if pose and pose != "Unspecified" else {}
        turn = rotation(thing)
        if turn is not None and (angle := angle_of(turn.text)):
            known[ATTRIBUTE] = angle
        others = any(child.tag not in _KNOWN for child in thing)
        found.append(Details({**flags, **known}, others=others))
    return found
