"""Five pictures with a box each but one, and how far what was read of them is away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480
CLASSES = ("white cell", "cell", "never")  # no object is of the last
OBJECTS = {  # label, then x1, y1, x2, y2: continuous, from 0
    "a": (1, 100, 50, 200, 150),
    "b": (0, 0, 0, 640, 480),
    "c": (1, 100.25, 50.5, 199.75, 151.25),
    "d e": (0, 540, 380, 640, 480),
    "empty": None,
}
DIFFICULT, CROWD = "a", "b"  # in the scene with marks
_DIGITS = 6

Scene = dict[str, Any]
Read = Mapping[str, Any]  # what a driver found


def draw(folder: Path) -> Scene:
    """The pictures, and what a driver is told of them."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    images = []
    for stem, thing in OBJECTS.items():
        noise = rng.integers(0, 255, (HEIGHT // 16, WIDTH // 16, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{stem}.jpg"), cv2.resize(noise, (WIDTH, HEIGHT)))
        own = {"name": f"{stem}.jpg", "width": WIDTH, "height": HEIGHT}
        images.append({**own, "objects": [list(thing)] if thing else []})
    return {"folder": str(folder), "classes": list(CLASSES), "images": images}


def own_coco(folder: Path, scene: Scene, *, marks: bool) -> None:
    """The scene as COCO; `marks`: an object that is difficult, and one that is a crowd."""
    images: list[dict[str, Any]] = []
    things: list[dict[str, Any]] = []
    for number, image in enumerate(scene["images"], start=1):
        size = {key: image[key] for key in ("width", "height")}
        images.append({"id": number, "file_name": image["name"], **size})
        stem = Path(image["name"]).stem
        for label, x1, y1, x2, y2 in image["objects"]:
            entry = {"id": len(things) + 1, "image_id": number, "category_id": label + 1}
            entry |= {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
            entry |= {"iscrowd": int(marks and stem == CROWD), "segmentation": []}
            entry |= {"attributes": {"difficult": 1}} if marks and stem == DIFFICULT else {}
            things.append(entry)
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)]
    content = {"images": images, "annotations": things, "categories": categories}
    (folder / "annotations").mkdir(parents=True)
    (folder / "annotations" / "instances_train.json").write_text(json.dumps(content))
    shutil.copytree(scene["folder"], folder / "images")


def compared(read: Read) -> dict[str, Any]:
    """How far it is from the truth: px, images and objects that are lost, wrong names."""
    if "refused" in read:
        return {"refused": read["refused"]}
    images = {_stem(name): rows for name, rows in read["images"].items()}
    errors: list[float] = []
    lost = wrong = more = 0
    for stem, thing in OBJECTS.items():
        rows = images.get(stem)
        if rows is None:
            continue
        want = [] if thing is None else [thing]
        lost += max(len(want) - len(rows), 0)
        more += max(len(rows) - len(want), 0)
        for (label, *corners), row in zip(want, rows):
            wrong += row[0] != CLASSES[label]
            errors.append(float(np.abs(np.array(row[1:5]) - corners).max()))
    found = {
        "error": round(max(errors), _DIGITS) if errors else None,
        "images_lost": len(OBJECTS.keys() - images.keys()),
        "objects_lost": lost,
        "objects_more": more,
        "classes_wrong": wrong,
    }
    names = (
        {"classes": read["classes"]} if read.get("classes", list(CLASSES)) != list(CLASSES) else {}
    )
    return {key: value for key, value in found.items() if value or key == "error"} | names


def flags(read: Read) -> str:
    """What a reader makes of the difficult object and of the crowd."""
    if "refused" in read:
        return "refused"
    images = {_stem(name): rows for name, rows in read["images"].items()}
    return ", ".join(
        f"{what} {_flag(images.get(stem, []))}"
        for what, stem in (("difficult", DIFFICULT), ("crowd", CROWD))
    )


def _flag(rows: Sequence[Any]) -> str:
    if not rows:
        return "left out"
    return {True: "ignored", False: "counted", None: "counted"}[rows[0][5]]


def _stem(name: str) -> str:
    """Of a picture, whose blank a writer may have replaced."""
    stem = name.removesuffix(".jpg")
    return "d e" if stem in ("d_e", "d%20e") else stem
