"""Several detectors on the same images, side by side: one static folder that opens from disk.

The page stands in `gallery_page`; what is written beside it is `data.js` and one picture an image.
Every name from the data enters the page as text, never as markup, and no picture's file is named
after it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.files.atomic import write_inside
from backbones.files.folder import whole_folder
from backbones.files.json_file import read_json
from resdet.evaluation.analysis.errors import KINDS, error_kinds
from resdet.evaluation.average_precision import threshold_key
from resdet.evaluation.matches import Matches
from resdet.evaluation.record import Record
from resdet.structures.boxes import to_xywh
from resdet.visualization.pictures import Size, find_pictures, write_pictures

FORMAT = "resdet.gallery/1"
PAGE = "resdet.visualization"
_MARK = "gallery.json"  # by this file a folder is known as a gallery, which may be replaced
_WRITTEN = {_MARK, "data.js", "pictures"}
_SCORE_UNITS, _BOX_UNITS = 10_000, 10  # whole numbers in data.js: shorter, and quickly read

Progress = Callable[[int, int], None]


def write_gallery(
    folder: Path,
    models: Sequence[tuple[str, Record]],
    *,
    images: Path | None,
    threshold: float,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Write the gallery of (name, record) pairs, the baseline first, whole or not at all.

    Shows detections with a score of at least `threshold`, judged at the first IoU threshold of
    the records. Pictures come from `images`, or else from the root that the first record names;
    without either the boxes stand on blank ground. Returns the names of the images whose picture
    could not be read. `progress` is called with (pictures done, of all).

    Raises: ValueError where the records do not belong together, a file name leaves the folder of
    pictures, or `folder` holds anything but an earlier gallery; FileNotFoundError without images.
    """
    pictures = check_gallery(folder, models, images=images, threshold=threshold)
    names = tuple(map(str, models[0][1].matches.image_ids))
    with whole_folder(folder, replace=True) as fresh:
        page = _page_files()
        for file, content in page.items():
            write_inside(fresh / file, content)
        (fresh / "pictures").mkdir()
        sizes = write_pictures(fresh / "pictures", pictures, progress)
        data = _data(models, sizes, threshold)
        text = json.dumps(json.dumps(data, separators=(",", ":"), allow_nan=False))
        text = text.replace("<", "\\u003c")  # harmless wherever the script is put
        write_inside(fresh / "data.js", f"window.resdetData = JSON.parse({text});\n")
        mark = {"format": FORMAT, "files": sorted({*page, *_WRITTEN})}
        write_inside(fresh / _MARK, f"{json.dumps(mark)}\n")
    if not any(pictures):
        return ()
    return tuple(name for name, size in zip(names, sizes) if size is None)


def check_gallery(
    folder: Path,
    models: Sequence[tuple[str, Record]],
    *,
    images: Path | None,
    threshold: float,
) -> list[Path | None]:
    """Raise before the work what `write_gallery` would raise; returns each image's picture."""
    _check(models, threshold)
    check_gallery_folder(folder)
    return find_pictures(models[0][1], images)


def check_gallery_folder(folder: Path) -> None:
    """Find out before the work whether `write_gallery` could write there.

    Raises: ValueError if it holds anything but an earlier gallery; OSError if it is a file or no
    folder to write in.
    """
    folder = folder.resolve()
    above = next(path for path in folder.parents if path.exists())
    if folder.exists() and not folder.is_dir():
        raise OSError(f"gallery must be a folder, got the file {folder}; name another")
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise OSError(f"gallery must be new in a folder to write in, got {folder} in {above}")
    there = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if not there:
        return
    strange = there - _files_of_gallery(folder)
    if strange:
        raise ValueError(
            f"gallery must be a new folder or an earlier gallery, got {folder} with "
            f"{', '.join(sorted(strange)[:3])}; name another folder"
        )


def _files_of_gallery(folder: Path) -> set[str]:
    """What the gallery in a folder wrote there; nothing where it is none."""
    try:
        mark = read_json(folder / _MARK)
        known = mark["format"].startswith("resdet.gallery/")
        return set(map(str, mark["files"])) if known else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _page_files() -> dict[str, bytes]:
    page = resources.files(PAGE) / "gallery_page"
    return {file.name: file.read_bytes() for file in page.iterdir() if file.is_file()}


def _check(models: Sequence[tuple[str, Record]], threshold: float) -> None:
    if not models:
        raise ValueError("models must be at least one, got none; name a result")
    if not (math.isfinite(threshold) and 0 <= threshold <= 1):
        raise ValueError(f"threshold must be in [0, 1], got {threshold}; choose a score")
    (first_name, first), *others = models
    names = [name for name, _ in models]
    if len(set(names)) < len(names):
        raise ValueError(f"names must differ, got {', '.join(names)}; write NAME=FILE")
    for name, record in others:
        different = _difference(first.matches, record.matches)
        if different:
            raise ValueError(
                f"{different} of {name} must be those of {first_name}, got others; "
                "evaluate both on the same data by the same rules"
            )


def _difference(a: Matches, b: Matches) -> str | None:
    if a.class_names != b.class_names:
        return "class names"
    if a.image_ids != b.image_ids:
        return "images"
    truths = zip(*(vars(matches.truth).values() for matches in (a, b)))
    if not all(np.array_equal(*columns) for columns in truths):
        return "objects"
    if (a.thresholds[0], a.rules.kind, a.rules.iou) != (b.thresholds[0], b.rules.kind, b.rules.iou):
        return "IoU threshold and rules"
    return None


def _data(
    models: Sequence[tuple[str, Record]], sizes: Sequence[Size | None], threshold: float
) -> dict[str, Any]:
    """What the page reads: columns by image of whole numbers, boxes in its own picture's pixels."""
    matches = models[0][1].matches
    shown = _Shown(matches, sizes, [record.matches for _, record in models])
    sign = "≥" if matches.rules.iou == "ge" else ">"
    return {
        "format": FORMAT,
        "about": f"{matches.told}; "
        f"found at IoU\u00a0{sign}\u00a0{threshold_key(matches.thresholds[0])}",
        "models": [name for name, _ in models],
        "classes": list(matches.class_names),
        "kinds": list(KINDS),
        "threshold": threshold,
        "images": {
            "names": list(map(str, matches.image_ids)),
            "widths": [width for width, _ in shown.sizes],
            "heights": [height for _, height in shown.sizes],
            "pictures": [int(size is not None) for size in sizes],
        },
        "truth": shown.truth(),
        "detections": [shown.detections(record.matches, threshold) for _, record in models],
    }


class _Shown:
    """Boxes in units of the pictures that are shown; rows by image, in their own order within."""

    def __init__(
        self, matches: Matches, sizes: Sequence[Size | None], every: Sequence[Matches]
    ) -> None:
        self.matches = matches
        count = len(matches.image_ids)
        self.order = np.argsort(matches.truth.images, kind="stable")
        counts = np.bincount(matches.truth.images, minlength=count)
        starts = np.cumsum(counts) - counts
        self.counts = counts
        self.place = np.empty(len(self.order), np.int64)  # of an object within its image
        self.place[self.order] = np.arange(len(self.order)) - np.repeat(starts, counts)
        extents = _extents(every, count)
        self.sizes: list[tuple[int, int]] = []
        self.scales = np.ones(count)
        for i, size in enumerate(sizes):
            if size is not None:
                self.sizes.append((size.width, size.height))
                self.scales[i] = size.scale
            else:
                self.scales[i] = min(1.0, 800 / extents[i].max())
                width, height = np.ceil(extents[i] * self.scales[i]).astype(int).tolist()
                self.sizes.append((width, height))

    def _columns(self, images: NDArray[np.int64], boxes: NDArray[np.float64]) -> dict[str, Any]:
        scaled = to_xywh(boxes) * self.scales[images][:, None] * _BOX_UNITS
        scaled[:, 2:] = scaled[:, 2:].clip(0)  # an inverted box has no side to draw
        counts = np.bincount(images, minlength=len(self.counts))
        return {"counts": counts.tolist(), "boxes": np.rint(scaled).astype(int).ravel().tolist()}

    def truth(self) -> dict[str, Any]:
        truth, order = self.matches.truth, self.order
        return {
            **self._columns(truth.images[order], truth.boxes[order]),
            "labels": truth.labels[order].tolist(),
            "ignored": truth.ignored[order].astype(int).tolist(),
        }

    def detections(self, matches: Matches, threshold: float) -> dict[str, Any]:
        first = replace(
            matches,
            thresholds=matches.thresholds[:1],
            verdicts=matches.verdicts[:1],
            objects=matches.objects[:1],
        )
        first = _rows(first, first.scores >= threshold)
        errors = error_kinds(first)
        order = np.lexsort((-first.scores, first.images))
        objects = errors.targets[order]
        places = self.place[objects] if len(self.place) else np.zeros(len(order), np.int64)
        return {
            **self._columns(first.images[order], first.boxes[order]),
            "labels": first.labels[order].tolist(),
            "scores": np.floor(first.scores[order] * _SCORE_UNITS + 1e-6).astype(int).tolist(),
            "kinds": errors.detections[order].tolist(),
            "objects": np.where(objects < 0, -1, places).tolist(),
        }


def _rows(matches: Matches, rows: NDArray[np.bool_]) -> Matches:
    """The detections of some rows; falling scores keep every verdict true."""
    columns = {name: getattr(matches, name)[rows] for name in ("images", "labels", "scores")}
    return replace(
        matches,
        **columns,
        boxes=matches.boxes[rows],
        verdicts=matches.verdicts[:, rows],
        objects=matches.objects[:, rows],
    )


def _extents(every: Sequence[Matches], count: int) -> NDArray[np.float64]:
    """(count, 2) width and height that hold all boxes of an image: its size where none is known."""
    extents = np.full((count, 2), 16.0)
    for matches in every:
        np.maximum.at(extents, matches.truth.images, matches.truth.boxes[:, 2:])
        np.maximum.at(extents, matches.images, matches.boxes[:, 2:])
    return extents
