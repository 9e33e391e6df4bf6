"""What the files tell of each object beyond its box and class, for a conversion to carry on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resdet.data.discover import Found
from resdet.data.layouts import voc_layout
from resdet.data.voc_xml import parse_xml
from resdet.data.yolo_folder import label_file
from resdet.json_file import read_json
from resdet.structures import Dataset

_FLAGS = ("truncated", "occluded")
_KNOWN = {*_FLAGS, "name", "pose", "difficult", "bndbox"}


@dataclass(frozen=True)
class Details:
    """Of one object: VOC's `truncated`, `occluded` and `pose`; COCO's id and rest of its entry.

    `shape`: it was drawn as a polygon or mask. `others`: VOC's tags of parts, actions and the like.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    shape: bool = False
    others: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict)


def details_of(found: Found, split: str, data: Dataset) -> dict[Path, list[Details]]:
    """Of each image, one for each object of its ground truth, in its order."""
    if found.form == "VOC":
        layout = voc_layout(found.root)
        return {r.path: _of_xml(Path(layout.xml(str(r.image_id)))) for r in data.records}
    if found.form == "COCO":
        content = read_json(found.root / found.splits[split].split(":")[1], finite=False)
        by_image: dict[int, list[Details]] = {}
        for entry in content.get("annotations", ()):
            by_image.setdefault(entry["image_id"], []).append(_of_entry(entry))
        return {r.path: by_image.get(int(r.image_id), []) for r in data.records}
    return {r.path: _of_lines(label_file(r.path), _count(r.ground_truth)) for r in data.records}


def _count(truth: Sequence[object] | Any) -> int:
    return 0 if truth is None else len(truth)


def _of_xml(file: Path) -> list[Details]:
    if not file.is_file():
        return []
    found = []
    for thing in parse_xml(file.read_bytes()).findall("object"):
        texts = {flag: (thing.findtext(flag) or "").strip() for flag in _FLAGS}
        flags = {flag: 1 for flag, text in texts.items() if text in ("1", "true")}
        pose = (thing.findtext("pose") or "").strip()
        known = {"pose": pose} if pose and pose != "Unspecified" else {}
        others = any(child.tag not in _KNOWN for child in thing)
        found.append(Details({**flags, **known}, others=others))
    return found


def _of_entry(entry: Mapping[str, Any]) -> Details:
    told = entry.get("attributes")
    attributes = dict(told) if isinstance(told, Mapping) else {}
    return Details(attributes, bool(entry.get("segmentation")), entry=entry)


def _of_lines(file: Path, count: int) -> list[Details]:
    if not file.is_file():
        return []
    lines = [line.split() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    shapes = [len(words) != 5 for words in lines if words]
    return [Details(shape=shape) for shape in shapes[:count]]
