"""Synthetic shapes on disk: one set of images, in VOC form and in COCO form, seeded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from backbones.files.atomic import write_inside
from backbones.files.folder import whole_folder
from backbones.files.json_file import read_json
from backbones.images.decoding import read_image
from backbones.images.encoding import write_image
from backbones.terminal.progress import tracked
from backbones.terminal.wording import count
from resdet.data.coco import form as coco
from resdet.data.shapes.draw import SHAPE_CLASSES, Shape, draw_image
from resdet.data.shapes.imagenet import write_imagenet
from resdet.data.shapes.published import write_published
from resdet.data.voc import form as voc
from resdet.data.voc.reader import load_voc
from resdet.data.writing import Details, Picture, Told
from resdet.structures import boxes as box
from resdet.structures.records import GroundTruth, ImageRecord

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
    parameters = {"crops": size, "crops_seed": seed, **_read_manifest(_manifest_of(root))}
    return _write_once(crops, parameters, lambda folder: _write_crops(root, folder, size, seed))


def make_shape_imagenet(root: Path, imagenet: Path) -> bool:
    """Writes `imagenet`: make_shapes' data as ImageNet lays out DET and CLS-LOC.

    Returns: False where it was there already and is kept.
    Raises: ValueError if `root` holds no shapes, or `imagenet` anything else.
    """
    parameters = {"imagenet": 1, **_read_manifest(_manifest_of(root))}
    return _write_once(imagenet, parameters, lambda folder: write_imagenet(root, folder))


def make_shape_published(root: Path, datasets: Path) -> bool:
    """Writes `datasets`: make_shapes' data as VOC 2007, VOC 2012 and COCO lie in that folder.

    Returns: False where it was there already and is kept.
    Raises: ValueError if `root` holds no shapes, or `datasets` anything else.
    """
    parameters = {"published": 1, **_read_manifest(_manifest_of(root))}
    return _write_once(datasets, parameters, lambda folder: write_published(root, folder))


def _manifest_of(root: Path) -> Path:
    manifest = root / _MANIFEST
    if not manifest.is_file():
        raise ValueError(f"root must hold make_shapes' data, got no {manifest}; write it first")
    return manifest


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
    with whole_folder(root) as fresh:
        write(fresh)
        write_inside(fresh / _MANIFEST, json.dumps(parameters))
    return True


def _write(root: Path, counts: Mapping[str, int], size: int, seed: int) -> None:
    splits: dict[str, list[Picture]] = {}
    number = 0
    for index, split in enumerate(SPLITS):
        splits[split] = []
        for at in tracked(range(counts[split]), f"drawing {split}"):
            number += 1
            image, shapes = draw_image(np.random.default_rng([seed, index, at]), size)
            path = root / "JPEGImages" / f"{number:06d}.jpg"
            write_image(path, image, _JPEG_QUALITY)
            splits[split].append(_picture(path, number, size, shapes))
    plain = {split: list(map(_undifficult, pictures)) for split, pictures in splits.items()}
    told: Told = Counter()  # of which nobody asks
    about = "resdet synthetic shapes, {split}"
    coco.write(root, plain, SHAPE_CLASSES, CATEGORY_IDS, told, description=about)
    splits["trainval"] = splits["train"] + splits["val"]
    voc.write(root, splits, SHAPE_CLASSES, CATEGORY_IDS, told)


def _picture(path: Path, number: int, size: int, shapes: Sequence[Shape]) -> Picture:
    boxes = box.from_xywh(np.array([s.xywh for s in shapes], np.float64).reshape(-1, 4))
    labels = np.array([SHAPE_CLASSES.index(s.name) for s in shapes], np.int64)
    truth = GroundTruth(boxes, labels, np.array([s.difficult for s in shapes], bool))
    details = [Details({"truncated": 1} if s.truncated else {}) for s in shapes]
    return Picture(ImageRecord(path.stem, path, size, size, truth), path.name, number, details)


def _undifficult(picture: Picture) -> Picture:
    """As COCO has it, which knows neither `difficult` nor flags: objects as all others."""
    truth = replace(picture.truth, difficult=np.zeros(len(picture.truth), bool))
    record = replace(picture.record, ground_truth=truth)
    return replace(picture, record=record, details=[Details()] * len(truth))


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
                write_image(folder / f"{record.image_id}_{at}.jpg", crop, _JPEG_QUALITY)
        absent = [name for name in dataset.class_names if not (crops / split / name).is_dir()]
        if absent and (split == "train" or len(absent) == len(dataset.class_names)):
            raise ValueError(
                f"{split} must show objects to cut crops of, got none of {', '.join(absent)} in "
                f"{count(len(dataset), 'image')}; write the shapes anew with more (--{split})"
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
