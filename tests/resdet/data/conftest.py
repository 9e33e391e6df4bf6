"""Small folders of every form, written by hand."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from resdet.data.shapes.make import make_shapes


def _pixels(name: str) -> np.ndarray:
    """An image of a colour of its own."""
    colour = zlib.crc32(name.encode()).to_bytes(4, "big")[:3]
    return np.full((40, 60, 3), list(colour), np.uint8)


@pytest.fixture
def write_voc(tmp_path) -> Callable[..., Path]:
    """Writes {stem: body of <annotation>} as a VOC folder with one split."""

    def write(
        bodies: dict[str, str],
        *,
        split="train",
        listing: str | None = None,
        folder="voc",
        suffix=".jpg",
    ) -> Path:
        root = tmp_path / folder
        for part in ("Annotations", "ImageSets/Main", "JPEGImages"):
            (root / part).mkdir(parents=True, exist_ok=True)
        for stem, body in bodies.items():
            (root / "Annotations" / f"{stem}.xml").write_text(f"<annotation>{body}</annotation>")
            cv2.imwrite(str(root / "JPEGImages" / f"{stem}{suffix.lower()}"), _pixels(stem))
            written = root / "JPEGImages" / f"{stem}{suffix.lower()}"
            written.rename(written.with_suffix(suffix))
        lines = "\n".join(bodies) if listing is None else listing
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(lines)
        return root

    return write


@pytest.fixture
def write_coco(tmp_path) -> Callable[..., tuple[Path, Path]]:
    """Writes a COCO-form JSON and grey images for its file names."""

    def write(images: list, annotations: list | None, categories: list) -> tuple[Path, Path]:
        content = {"images": images, "categories": categories}
        if annotations is not None:
            content["annotations"] = annotations
        path, folder = tmp_path / "coco.json", tmp_path / "images"
        path.write_text(json.dumps(content))
        folder.mkdir(exist_ok=True)
        for image in images:
            if ".." not in image["file_name"]:
                grey = np.full((image["height"], image["width"], 3), 127, np.uint8)
                cv2.imwrite(str(folder / Path(image["file_name"]).name), grey)
        return path, folder

    return write


@pytest.fixture
def turn_by_exif() -> Callable[..., None]:
    """Says in the head of a JPEG that it lies on its side."""

    def turn(path: Path, orientation: int = 6) -> None:
        plain = path.read_bytes()
        entry = b"\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0"
        exif = b"Exif\0\0" + b"MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"
        segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
        path.write_bytes(plain[:2] + segment + plain[2:])

    return turn


@pytest.fixture(scope="session")
def shapes(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data") / "shapes"
    make_shapes(root, num_train=24, num_val=8, num_test=8, size=96, seed=3)
    return root


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), _pixels(path.stem))


def _labelimg(root: Path, count=10) -> None:
    for number in range(count):
        _picture(root / f"{number}.jpg")
        name = "rare" if number in (3, 7) else "cat"
        (root / f"{number}.xml").write_text(
            f"<annotation><object><name>{name}</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
            "<xmax>20</xmax><ymax>15</ymax></bndbox></object></annotation>"
        )


def _coco(names: list[str], label=1) -> dict:
    images = [
        {"id": n, "file_name": name, "height": 40, "width": 60} for n, name in enumerate(names)
    ]
    objects = [
        {"id": n, "image_id": n, "category_id": label, "bbox": [1, 2, 20, 10]}
        for n in range(len(names))
    ]
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    return {"images": images, "annotations": objects, "categories": categories}


def _roboflow(root: Path) -> None:
    for split in ("train", "valid", "test"):
        _picture(root / split / "a.jpg")
        content = _coco(["a.jpg"])
        for category in content["categories"]:
            category["supercategory"] = "pets"
        content["categories"].insert(0, {"id": 0, "name": "pets", "supercategory": "none"})
        (root / split / "_annotations.coco.json").write_text(json.dumps(content))


def _cvat(root: Path, count=10) -> None:
    for number in range(count):
        _picture(root / f"images/{number}.jpg")
    (root / "annotations").mkdir()
    content = _coco([f"{number}.jpg" for number in range(count)])
    (root / "annotations/instances_default.json").write_text(json.dumps(content))


def _yolo(root: Path, count=10) -> None:
    for number in range(count):
        _picture(root / f"images/{number}.jpg")
        (root / "labels").mkdir(exist_ok=True)
        (root / f"labels/{number}.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    (root / "data.yaml").write_text("train: images\nnames: [cat, dog]\n")


def _labelme(root: Path, count=10) -> None:
    corners = [[1, 2], [21, 12]]
    shape = {"label": "cat", "points": corners, "shape_type": "rectangle", "flags": {}}
    for number in range(count):
        _picture(root / f"{number}.jpg")
        content = {"shapes": [shape], "imagePath": f"{number}.jpg", "imageData": None}
        (root / f"{number}.json").write_text(json.dumps(content))


@pytest.fixture
def lay() -> SimpleNamespace:
    """Data as it is found, by the tool that leaves it so: `lay.labelimg(root, count)`, ..."""
    return SimpleNamespace(
        picture=_picture,
        labelimg=_labelimg,
        coco=_coco,
        roboflow=_roboflow,
        cvat=_cvat,
        yolo=_yolo,
        labelme=_labelme,
    )
