"""Synthetic shapes on disk: one set of images, in VOC form and in COCO form, seeded."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from backbones.files.json_file import read_json
from backbones.images.decoding import read_image
from backbones.terminal.progress import tracked
from resdet.data.shapes.draw import SHAPE_CLASSES, Shape, draw_image
from resdet.data.voc.reader import load_voc
from resdet.structures import boxes as box

CATEGORY_IDS = (1, 2, 4, 7, 9, 13)  # with gaps, as COCO's are
SPLITS = ("train", "val", "test")

_MANIFEST = "shapes.json"
_VERSION = 1  # of the drawing: raise it when the same seed draws other pixels
_JPEG_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 92)


def make_shapes(
    root: Path,
    *,
    num_train: int = 600,
    num_val: int = 100,
    num_test: int = 200,
    size: int = 160,
    seed: int = 0,
) -> bool:
    """Writes `root`: Annotations, ImageSets, JPEGImages, classes.txt, and annotations/*.json.

    The images of a split depend on size and seed alone, so a longer split begins with a shorter.

    Returns: False where the same data was there already and is kept.
    Raises: ValueError if `root` holds anything else, or a number is too small.
    """
    counts = dict(zip(SPLITS, (num_train, num_val, num_test)))
    if min(counts.values()) < 1 or size < 32:
        raise ValueError(
            f"counts must be at least 1 and size at least 32, got {counts} and {size}; raise them"
        )
    _check_seed(seed)
    parameters = {**counts, "size": size, "seed": seed}
    return _write_once(root, parameters, lambda folder: _write(folder, counts, size, seed))


def make_shape_crops(root: Path, crops: Path, *, size: int = 64, seed: int = 0) -> bool:
    """Writes `crops`: train/<class>/*.jpg and val/<class>/*.jpg, the objects of make_shapes' data
    with some of what surrounds them, for training a classifier.

    A classifier takes its classes from the folders of train, so all must be there: a train split
    too small to show one is refused. In val a class without objects has no folder.

    Unit: size in pixels, the side of a crop.
    Returns: False where the same crops were there already and are kept.
    Raises: ValueError if `root` holds no shapes, or too few, `crops` holds anything else, or a
    number is too small.
    """
    if size < 1:
        raise ValueError(f"size of a crop must be at least 1 pixel, got {size}; raise it")
    _check_seed(seed)
    manifest = root / _MANIFEST
    if not manifest.is_file():
        raise ValueError(f"root must hold make_shapes' data, got no {manifest}; write it first")
    parameters = {"crops": size, "crops_seed": seed, **_read_manifest(manifest)}
    return _write_once(crops, parameters, lambda folder: _write_crops(root, folder, size, seed))


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}; choose another")


def _read_manifest(path: Path) -> dict[str, int]:
    try:
        found = read_json(path)
        if not isinstance(found, dict):
            raise ValueError(f"a {type(found).__name__}")
    except ValueError as error:
        raise ValueError(
            f"{path} must be the JSON object that make_shapes wrote, got {error}; "
            f"remove {path.parent} or name another folder"
        ) from None
    return found


def _write_once(root: Path, parameters: Mapping[str, int], write: Callable[[Path], None]) -> bool:
    """Fills a folder beside `root` and renames it, so that `root` is whole or absent."""
    root = Path(root)
    parameters = {"version": _VERSION, **parameters}
    manifest = root / _MANIFEST
    if manifest.is_file():
        found = _read_manifest(manifest)
        if found == parameters:
            return False
        raise ValueError(f"{root} must hold {parameters}, got {found}; remove it or name another")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ValueError(f"{root} must be absent or empty, got other files; name another folder")
    root.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        write(beside)
        (beside / _MANIFEST).write_text(json.dumps(parameters))
        beside.chmod(0o755)
        beside.rename(root)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return True


def _write(root: Path, counts: Mapping[str, int], size: int, seed: int) -> None:
    lists = root / "ImageSets" / "Main"
    for folder in (root / "Annotations", root / "JPEGImages", root / "annotations", lists):
        folder.mkdir(parents=True, exist_ok=True)
    (root / "classes.txt").write_text("\n".join(SHAPE_CLASSES) + "\n")
    stems: dict[str, list[str]] = {}
    number = 0
    for index, split in enumerate(SPLITS):
        drawn: dict[int, list[Shape]] = {}
        for at in tracked(range(counts[split]), f"drawing {split}"):
            number += 1
            image, drawn[number] = draw_image(np.random.default_rng([seed, index, at]), size)
            _save(root / "JPEGImages" / f"{_stem(number)}.jpg", image)
            voc = _voc_annotation(_stem(number), size, drawn[number])
            (root / "Annotations" / f"{_stem(number)}.xml").write_text(voc)
        stems[split] = [_stem(number) for number in drawn]
        coco = json.dumps(_coco_annotations(split, size, drawn))
        (root / "annotations" / f"instances_{split}.json").write_text(coco)
    stems["trainval"] = stems["train"] + stems["val"]
    for split, listed in stems.items():
        (lists / f"{split}.txt").write_text("\n".join(listed) + "\n")


def _stem(number: int) -> str:
    return f"{number:06d}"


def _save(path: Path, image: np.ndarray) -> None:
    if not cv2.imwrite(str(path), image, _JPEG_QUALITY):
        raise OSError(f"{path} must be writable; check the space and rights of its folder")


def _voc_annotation(stem: str, size: int, shapes: Sequence[Shape]) -> str:
    lines = [
        "<annotation>",
        f"  <filename>{stem}.jpg</filename>",
        f"  <size><width>{size}</width><height>{size}</height><depth>3</depth></size>",
    ]
    for shape in shapes:
        xyxy = box.from_xywh(np.array([shape.xywh]))
        xmin, ymin, xmax, ymax = box.to_voc(xyxy)[0]
        lines += [
            "  <object>",
            f"    <name>{shape.name}</name><pose>Unspecified</pose>",
            f"    <truncated>{shape.truncated:d}</truncated>",
            f"    <difficult>{shape.difficult:d}</difficult>",
            f"    <bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin>"
            f"<xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>",
            "  </object>",
        ]
    return "\n".join([*lines, "</annotation>"]) + "\n"


def _coco_annotations(
    split: str, size: int, drawn: Mapping[int, Sequence[Shape]]
) -> dict[str, Any]:
    """COCO knows no `difficult`: such objects stand here as all others."""
    annotations: list[dict[str, Any]] = []
    for number, shapes in drawn.items():
        for shape in shapes:
            x, y, width, height = shape.xywh
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": CATEGORY_IDS[SHAPE_CLASSES.index(shape.name)],
                    "bbox": [x, y, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
    return {
        "info": {"description": f"resdet synthetic shapes, {split}"},
        "licenses": [],
        "images": [
            {"id": n, "file_name": f"{_stem(n)}.jpg", "height": size, "width": size} for n in drawn
        ],
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name} for number, name in zip(CATEGORY_IDS, SHAPE_CLASSES)
        ],
    }


def _write_crops(root: Path, crops: Path, size: int, seed: int) -> None:
    for index, split in enumerate(("train", "val")):
        dataset = load_voc(root, split)
        rng = np.random.default_rng([seed, index])
        for record in tracked(dataset.records, f"cropping {split}"):
            image, truth = read_image(record.path, "BGR"), record.ground_truth
            assert truth is not None  # a shape split is annotated
            for at in np.flatnonzero(~truth.difficult):
                crop = _crop(rng, image, truth.boxes[at], size)
                folder = crops / split / dataset.class_names[truth.labels[at]]
                folder.mkdir(parents=True, exist_ok=True)
                _save(folder / f"{record.image_id}_{at}.jpg", crop)
        absent = [name for name in dataset.class_names if not (crops / split / name).is_dir()]
        if absent and (split == "train" or len(absent) == len(dataset.class_names)):
            raise ValueError(
                f"{split} must show objects to cut crops of, got none of {', '.join(absent)} in "
                f"{len(dataset)} images; write the shapes anew with more (--{split})"
            )


def _crop(
    rng: np.random.Generator, image: np.ndarray, corners: np.ndarray, size: int
) -> np.ndarray:
    """A square around the box, 1 to 1.6 times its longer side, up to a tenth off its centre.

    It is moved, not padded, where it would leave the image.
    """
    limit = min(image.shape[:2])
    longer = float((corners[2:] - corners[:2]).max())
    side = round(min(longer * rng.uniform(1.0, 1.6), limit))
    centre = (corners[:2] + corners[2:]) / 2 + rng.uniform(-0.1, 0.1, 2) * longer
    x, y = np.clip(np.round(centre - side / 2), 0, limit - side).astype(int)
    window = image[y : y + side, x : x + side]
    shrink = side > size
    return cv2.resize(
        window, (size, size), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    )
