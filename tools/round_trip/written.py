"""What a tool wrote, in a line: of VOC the corners, of COCO the ids, of YOLO the names."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import yaml

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def facts(form: str, root: Path) -> dict[str, str]:
    """By what is asked of a form."""
    return {"voc": _voc, "coco": _coco, "yolo": _yolo}[form](root)


def _voc(root: Path) -> dict[str, str]:
    files = {file.stem: file for file in root.rglob("*.xml")}
    things = {stem: ET.parse(file).getroot().find("object") for stem, file in files.items()}
    told = {}
    for stem in "abc":
        thing = things[stem]
        assert thing is not None
        told[stem] = " ".join(thing.findtext(f"bndbox/{tag}") or "" for tag in _CORNERS)
    one = things["a"]
    assert one is not None
    for tag in ("difficult", "truncated", "pose"):
        text = one.findtext(tag)
        told[tag] = "none" if text is None else text.strip() or "empty"
    told["empty image"] = "XML" if "empty" in files else "no XML"
    return told


def _coco(root: Path) -> dict[str, str]:
    content = json.loads(next(iter(sorted(root.rglob("*.json")))).read_text())
    named = {Path(image["file_name"]).stem: image for image in content["images"]}
    first = {
        "image": min(image["id"] for image in content["images"]),
        "category": min(entry["id"] for entry in content["categories"]),
        "annotation": min((e["id"] for e in content["annotations"] if "id" in e), default="none"),
    }
    of_c = [e["bbox"] for e in content["annotations"] if e["image_id"] == named["c"]["id"]]
    return {
        "first ids": " / ".join(map(str, first.values())),
        "categories": ", ".join(str(entry["name"]) for entry in content["categories"]),
        "file_name": str(named["a"]["file_name"]),
        "bbox of c": " ".join(f"{value:g}" for value in of_c[0]),
        "empty image": "listed" if "empty" in named else "left out",
        "objects": str(len(content["annotations"])),
    }


def _yolo(root: Path) -> dict[str, str]:
    labels = {file.stem: file for file in root.rglob("*.txt")}
    names = [file.name for file in sorted(root.rglob("*")) if _names(file)]
    yamls = sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")])
    keys = [", ".join(map(str, yaml.safe_load(file.read_text()))) for file in yamls]
    return {
        "c": labels["c"].read_text().strip(),
        "names in": ", ".join(names) or "none",
        "keys": "; ".join(keys) or "none",
        "empty image": "label" if "empty" in labels else "no label",
    }


def _names(file: Path) -> bool:
    return file.suffix in (".yaml", ".yml") or file.name in (
        "classes.txt",
        "obj.names",
        "notes.json",
    )
