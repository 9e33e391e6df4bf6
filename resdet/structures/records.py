"""Everything that crosses a seam: frozen dataclasses of NumPy arrays and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resdet.structures.boxes import FloatArray
from resdet.structures.corners import Corners

ImageId = str | int  # VOC: the stem of the file; COCO: the id in the JSON
JudgedBy = Literal["devkit", "imagenet", "localisation"]
Float32Array = NDArray[np.float32]
Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def _as(values: object, dtype: type, shape: tuple[int, ...], name: str) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(values, dtype=dtype).reshape(shape)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][:3].tolist()}")
    return array


@dataclass(frozen=True)
class GroundTruth:
    """The objects of one image.

    Shape: boxes (N, 4) xyxy; labels, difficult, crowd (N,).
    Unit: pixels of the image on disk, continuous, 0-based; labels in [0, K).
    Raises: ValueError if the lengths differ or a coordinate is not finite.
    """

    boxes: FloatArray
    labels: Int64Array
    difficult: BoolArray = None  # type: ignore[assignment]  # None: nothing is difficult
    crowd: BoolArray = None  # type: ignore[assignment]  # None: nothing is a crowd

    def __post_init__(self) -> None:
        # float64 is kept: an overlap of exactly the threshold is decided by the last digit
        kind = np.float64 if np.asarray(self.boxes).dtype == np.float64 else np.float32
        boxes = _as(self.boxes, kind, (-1, 4), "boxes")
        n = len(boxes)
        columns = {
            "labels": _as(self.labels, np.int64, (-1,), "labels"),
            "difficult": _as(_or_false(self.difficult, n), np.bool_, (-1,), "difficult"),
            "crowd": _as(_or_false(self.crowd, n), np.bool_, (-1,), "crowd"),
        }
        object.__setattr__(self, "boxes", boxes)
        for name, column in columns.items():
            if len(column) != n:
                raise ValueError(f"{name} must be one per box ({n}), got {len(column)}")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.boxes)


def _or_false(values: object | None, n: int) -> object:
    return np.zeros(n, bool) if values is None else values


def count_objects(objects: int, ignored: int, what: str = "difficult") -> str:
    """As in "563 objects, of which 14 are difficult"."""
    told = f"{objects:,} object{'' if objects == 1 else 's'}"
    return (
        f"{told}, of which {ignored:,} {'is' if ignored == 1 else 'are'} {what}"
        if ignored
        else told
    )


@dataclass(frozen=True)
class ImageRecord:
    """One image on disk and what is known of it; `ground_truth` is None where nothing is known.

    Unit: height and width in pixels, after EXIF rotation.
    """

    image_id: ImageId
    path: Path
    height: int
    width: int
    ground_truth: GroundTruth | None = None


@dataclass(frozen=True)
class Detections:
    """What a detector found in one image, by falling score.

    Shape: boxes (N, 4) xyxy; labels, scores (N,).
    Unit: pixels of the image on disk, continuous, 0-based; labels in [0, K); scores in [0, 1].
    Raises: ValueError if the lengths differ or a value is not finite.
    """

    image_id: ImageId
    boxes: FloatArray
    labels: Int64Array
    scores: FloatArray

    def __post_init__(self) -> None:
        # float64 is kept where it is given: detections read back from text keep every digit
        kind = np.float64 if np.asarray(self.scores).dtype == np.float64 else np.float32
        boxes = _as(self.boxes, kind, (-1, 4), "boxes")
        labels = _as(self.labels, np.int64, (-1,), "labels")
        scores = _as(self.scores, kind, (-1,), "scores")
        if not len(boxes) == len(labels) == len(scores):
            raise ValueError(
                f"boxes, labels and scores must be of one length, "
                f"got {len(boxes)}, {len(labels)}, {len(scores)}"
            )
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class Dataset:
    """A named list of images with its classes: what a reader returns and an evaluator needs.

    `category_ids[label]` is the id of that class in COCO-form JSON; VOC data counts from 1.
    `absent` are ids of classes that the JSON has no category of. `metric` is the VOC rule of its
    year; `annotations` the COCO JSON or the VOC root. `remarks` tell what lies there and is no
    part of it; `corners` how VOC's XML counts. `judged_by`: whose rules score VOC's form. Of
    `left_out`, (image, label) pairs, nothing is right or wrong.
    """

    name: str
    kind: Literal["voc", "coco"]
    class_names: tuple[str, ...]
    records: tuple[ImageRecord, ...]
    annotations: Path
    split: str = ""
    metric: Literal["11point", "area"] = "area"
    category_ids: tuple[int, ...] = field(default=())
    remarks: tuple[str, ...] = ()
    corners: Corners | None = None
    absent: frozenset[int] = frozenset()
    judged_by: JudgedBy = "devkit"
    left_out: frozenset[tuple[ImageId, int]] = frozenset()

    def __post_init__(self) -> None:
        if not self.category_ids:
            ids = tuple(range(1, len(self.class_names) + 1))
            object.__setattr__(self, "category_ids", ids)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def files(self) -> dict[ImageId, Path]:
        """The file of each image."""
        return {record.image_id: record.path for record in self.records}
