"""Scaled copies of an evaluation's images, decoded in parallel, whole files only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import cv2

from backbones.files.atomic import write_inside
from backbones.images.decoding import read_image
from backbones.images.encoding import encode_image
from backbones.images.folders import images_by_stem
from backbones.machine.hardware import available_cores
from resdet.evaluation.record import Record

LONGEST_SIDE = 800  # pixels of a copy
_QUALITY = 85


@dataclass(frozen=True)
class Size:
    """A copy's pixels, and how many of them a pixel of the image became."""

    width: int
    height: int
    scale: float


def find_pictures(record: Record, images: Path | None) -> list[Path | None]:
    """The file of each image: in `images`, or else in the record's own root; None where unknown.

    A record without file names is looked up by them: the name without suffix is the image id.

    Raises: FileNotFoundError if `images` is no folder; ValueError for a name that leaves it.
    """
    root = images if images is not None else (Path(record.root) if record.root else None)
    ids = record.matches.image_ids
    if images is not None and not images.is_dir():
        raise FileNotFoundError(f"images must be a folder, got {images}; check the path")
    if root is None or not root.is_dir():
        return [None] * len(ids)
    if record.files:
        if len(record.files) != len(ids):
            raise ValueError(
                f"files must be one per image ({len(ids)}), got {len(record.files)}; evaluate again"
            )
        return [root / _inside(name) for name in record.files]
    by_stem = images_by_stem(root)
    return [by_stem.get(str(image_id)) for image_id in ids]


def _inside(name: str) -> str:
    """The name itself where it stays below the folder it is joined to."""
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.anchor or ".." in path.parts or "\0" in name:
            raise ValueError(
                f"file names must stay below their root, got {name!r}; evaluate the data again"
            )
    return name


def write_pictures(
    folder: Path,
    pictures: Sequence[Path | None],
    progress: Callable[[int, int], None] | None = None,
) -> list[Size | None]:
    """Write `<number>.jpg` of each picture; None where it is unknown or unreadable.

    Raises: OSError if the folder cannot be written.
    """
    known = [(number, path) for number, path in enumerate(pictures) if path is not None]
    sizes: list[Size | None] = [None] * len(pictures)
    with ThreadPoolExecutor(available_cores()) as pool:
        jobs = pool.map(lambda job: _copy(folder / f"{job[0]:06d}.jpg", job[1]), known)
        try:
            for done, ((number, _), size) in enumerate(zip(known, jobs), start=1):
                sizes[number] = size
                if progress is not None:
                    progress(done, len(known))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # nothing more is decoded for nobody
            raise
    return sizes


def _copy(target: Path, source: Path) -> Size | None:
    try:
        image = read_image(source, "BGR")
    except ValueError:
        return None
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    data = encode_image(image, ".jpg", (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    assert data is not None
    write_inside(target, data)
    return Size(image.shape[1], image.shape[0], scale)
